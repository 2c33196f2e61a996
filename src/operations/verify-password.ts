// Whether an e-mail address and a password belong together. Unknown users cost as much time as known ones.
import { isRefusal, type Refusal } from "../refusal.ts"
import { rowText, rowDeleted, textTerm } from "../store/row.ts"
import type { Reader } from "../store/store.ts"
import { emailKey } from "./email.ts"
import { type LoginCredentials, passwordVersionOf } from "./login.ts"
import type { Passwords } from "./passwords.ts"

export type Verified =
  | {
      readonly match: true
      readonly userId: string
      /** Of the password; a new hash of the same one has the same. */
      readonly passwordVersion: number
      /** Its hash is weaker than one made today. */
      readonly outdated: boolean
    }
  | { readonly match: false }

/** A hash that no password gives, with the parameters of a real one. */
const dummyHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

export async function verifyPassword(
  reader: Reader,
  at: number,
  credentials: LoginCredentials,
  passwords: Passwords,
): Promise<Verified | Refusal> {
  const { password } = credentials
  const userId = "userId" in credentials ? credentials.userId : reader.lookup("users", "email", textTerm("email", emailKey(credentials.email), true).value, at)
  const user = userId === undefined ? undefined : bodyOf(reader, "users", userId, at)
  const credential = userId === undefined ? undefined : bodyOf(reader, "credentials", userId, at)
  const hash = credential?.["passwordHash"]
  const matches = await passwords.verify(password, typeof hash === "string" ? hash : dummyHash)
  if (isRefusal(matches)) return matches
  if (!matches || userId === undefined || typeof hash !== "string" || user?.["disabled"] !== false) return { match: false }
  return { match: true, userId, passwordVersion: passwordVersionOf(credential ?? {}), outdated: passwords.isOutdated(hash) }
}

function bodyOf(reader: Reader, collection: string, id: string, at: number): { readonly [field: string]: unknown } | undefined {
  const row = reader.row(collection, id, at)
  if (row === undefined || rowDeleted(row)) return undefined
  return JSON.parse(rowText(row)) as { readonly [field: string]: unknown }
}
