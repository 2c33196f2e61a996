// What sessions and the public may do with users, where the rules of `users` let them: sign up, and change or delete themselves.
// What a server vouches for (`verified`, `disabled`, an id of one's choice) stays the server's.
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { isWithin, type Reach } from "./access.ts"
import { denied } from "./denied.ts"
import type { Result } from "./operation.ts"
import { reachIn } from "./rules.ts"
import type { TransactionView } from "./transaction-view.ts"
import { type UserFields, userMissing } from "./user.ts"

type Fields = { readonly [field: string]: unknown }

export function signingUp<Data extends Fields>(data: Data, view: TransactionView, run: (data: Data) => Result | Refusal): Result | Refusal {
  // Who is not there yet is nobody's own.
  if (reachIn(view, "users", "create") !== "all") return denied(view, refuse("forbidden", "The rules of `users` let API keys only create users."))
  return whyServers(data, ["id", "verified"]) ?? run(data)
}

/** An address that was changed is not verified any more. */
export function updatingUser<Data extends Fields & { readonly id: string; readonly email?: string | undefined }>(
  data: Data,
  view: TransactionView,
  run: (data: Data) => Result | Refusal,
): Result | Refusal {
  const { id, email } = data
  const reach = reachIn(view, "users", "update")
  if (!isHere(view, id, reachIn(view, "users", "read")) || !isHere(view, id, reach)) return denied(view, userMissing(id))
  const refused = whyServers(data, ["verified", "disabled"])
  if (refused !== undefined) return refused
  const before = view.find("users", id) as unknown as UserFields
  const result = run(email === undefined || email === before.email ? data : { ...data, verified: false })
  if (isRefusal(result) || isHere(view, id, reach)) return result
  return refuse("invalid", "The user must stay one's own.", { pointer: "/data", issues: [{ pointer: "/data", code: "owner", message: "must leave the owner as it is" }] })
}

export function deletingUser<Data extends { readonly id: string }>(data: Data, view: TransactionView, run: (data: Data) => Result | Refusal): Result | Refusal {
  return isHere(view, data.id, reachIn(view, "users", "delete")) ? run(data) : denied(view, userMissing(data.id))
}

function isHere(view: TransactionView, id: string, reach: Reach): boolean {
  const body = reach === "none" ? undefined : view.find("users", id)
  return body !== undefined && isWithin(reach, "users", body)
}

function whyServers(data: Fields, fields: readonly string[]): Refusal | undefined {
  const message = "is for API keys only"
  const issues = fields.filter((field) => data[field] !== undefined).map((field) => ({ pointer: `/${field}`, code: "server", message }))
  const [first] = issues
  return first && refuse("invalid", `\`${first.pointer}\` ${message}.`, { pointer: first.pointer, issues })
}
