// What the three user operations share.
import { bounds } from "../bounds.ts"
import { isRefusal, type Refusal, refuse } from "../refusal.ts"
import { type Term, textTerm } from "../store/row.ts"
import { deleteAccountEntries, deleteSessions } from "./account-entries.ts"
import { definedValue } from "./defined-value.ts"
import { usersDefinition } from "./definition.ts"
import { documentTerms } from "./document-terms.ts"
import { emailKey } from "./email.ts"
import type { JsonObject } from "./fields.ts"
import type { Beginning, TransactionView } from "./transaction-view.ts"

export interface UserFields {
  readonly email: string
  readonly name: string | null
  readonly verified: boolean
  readonly disabled: boolean
  readonly data: JsonObject
}

/** Writes a user whose e-mail address nobody else has, and whose data is what the definition of users asks for, where there is one. */
export function putUser(view: TransactionView, id: string, fields: UserFields, { began, coming }: PutUserOptions = {}): Refusal | undefined {
  const key = emailKey(fields.email)
  const holder = view.holder("users", emailTerm(key))
  if (holder !== undefined && holder !== id) {
    return refuse("unique", "Another user has this e-mail address.", { pointer: "/email" })
  }
  if (Buffer.byteLength(`users${id}${key}`) > bounds.keyBytesMax) return tooLongTogether()
  const data = definedValue(view, usersDefinition(view), id, fields.data, "/data", coming)
  if (isRefusal(data)) return data
  writeUser(view, id, { ...fields, data: data.value }, began)
  return undefined
}

interface PutUserOptions {
  readonly began?: Beginning
  /** As with documents. */
  readonly coming?: ReadonlySet<string>
}

/** Writes a user as it is. Who is disabled is logged out in the same version. */
export function writeUser(view: TransactionView, id: string, { email, name, verified, disabled, data }: UserFields, began?: Beginning): void {
  const definition = usersDefinition(view)
  view.put("users", id, { email, name, verified, disabled, data }, (stamp) => [emailTerm(emailKey(email)), ...documentTerms(definition, data, stamp)], began)
  if (disabled) deleteSessions(view, id)
}

function emailTerm(key: string): Term {
  return textTerm("email", key, true)
}

/** Whether the transaction itself made this user. */
export function isMadeHere(view: TransactionView, id: string): boolean {
  return view.find("users", id)?.createdVersion === view.version
}

/** What belongs to the user goes with it, in the same version. */
export function deleteUser(view: TransactionView, id: string): void {
  view.delete("users", id)
  deleteAccountEntries(view, id)
}

/** Each alone is within its own bound, but three bytes a character: the store's keys hold both. */
function tooLongTogether(): Refusal {
  const message = `has, together with the id, more than ${bounds.keyBytesMax} bytes as UTF-8`
  return refuse("invalid", `The e-mail address ${message}.`, { pointer: "/email", issues: [{ pointer: "/email", code: "key_bytes", message }] })
}

export function userMissing(id: string, pointer = "/id"): Refusal {
  return refuse("entity-missing", `There is no user \`${id}\`.`, { pointer })
}
