// A few users and the e-mail addresses that they take from each other: no address belongs to two.
import type { Model } from "../history.ts"

export type AccountsInput =
  | { readonly kind: "create" | "update"; readonly id: string; readonly email: string }
  | { readonly kind: "delete"; readonly id: string }
  | { readonly kind: "find"; readonly email: string }

/** Of a look-up the user's id, null where nobody has the address; else what became of it. */
export type AccountsOutput = { readonly holder: string | null } | "done" | "missing" | "conflict"

/** The address of each user. */
export type AccountsState = Readonly<Record<string, string>>

export const accountsModel: Model<AccountsState, AccountsInput, AccountsOutput> = {
  name: "unique e-mail address",
  initial: {},
  isRead: ({ kind }, output) => kind === "find" || output === "conflict" || output === "missing",
  text: (emails) => JSON.stringify(Object.entries(emails).sort()),
  step: (emails, input, output) => {
    if (input.kind === "find") {
      const holder = Object.keys(emails).find((id) => emails[id] === input.email) ?? null
      return output === undefined || (typeof output === "object" && output.holder === holder) ? emails : undefined
    }
    const outcome = outcomeOf(emails, input)
    if (output !== undefined && output !== outcome) return undefined
    if (outcome !== "done") return emails
    const { [input.id]: _, ...others } = emails
    return input.kind === "delete" ? others : { ...others, [input.id]: input.email }
  },
}

function outcomeOf(emails: AccountsState, input: Exclude<AccountsInput, { readonly kind: "find" }>): "done" | "missing" | "conflict" {
  const isThere = Object.hasOwn(emails, input.id)
  if (input.kind === "create" && isThere) return "conflict"
  if (input.kind !== "create" && !isThere) return "missing"
  if (input.kind === "delete") return "done"
  return Object.entries(emails).some(([id, email]) => id !== input.id && email === input.email) ? "conflict" : "done"
}
