// The operations of a transaction and what each of them results in, as types only.
import type { ApiKey, NewApiKey } from "./api-key.ts"
import type { CollectionDefinition, NewDefinition } from "./definition.ts"
import type { Document } from "./document.ts"
import type { Identity } from "./identity.ts"
import type { JsonObject } from "./json.ts"
import type { ConsumedToken, NewOneTimeToken, OneTimeToken } from "./one-time-token.ts"
import type { Login, Session, StartedSession } from "./session.ts"
import type { NewUser, User, UserChanges } from "./user.ts"

/** A value from an earlier result of the same transaction: `{ $ref: "u.id" }` is the id of what was done `as: "u"`. */
export interface Reference {
  readonly $ref: string
}

interface Operations {
  "user.create": { data: NewUser; result: User }
  "user.update": { data: { readonly id: string } & UserChanges; result: User }
  "user.delete": { data: { readonly id: string }; result: { readonly id: string } }
  "credential.setPassword": { data: NewPassword; result: { readonly userId: string } }
  "credential.remove": { data: { readonly userId: string }; result: { readonly userId: string } }
  "credential.link": { data: { readonly userId: string } & Identity; result: { readonly userId: string } & Identity }
  "credential.unlink": { data: Identity; result: { readonly userId: string } & Identity }
  "session.create": { data: Login; result: StartedSession }
  "session.touch": { data: { readonly id: string }; result: Omit<StartedSession, "token"> }
  "session.revoke": { data: { readonly id: string }; result: Pick<Session, "id" | "userId"> }
  "session.revokeAll": { data: { readonly userId: string; readonly except?: string | undefined }; result: { readonly revoked: number } }
  "token.create": { data: NewOneTimeToken; result: OneTimeToken }
  "token.consume": { data: { readonly token: string; readonly purpose: string }; result: ConsumedToken }
  "key.create": { data: NewApiKey; result: ApiKey }
  "key.revoke": { data: { readonly id: string }; result: { readonly id: string } }
  "collection.define": { data: NewDefinition; result: CollectionDefinition }
  "collection.drop": { data: { readonly name: string }; result: CollectionDefinition }
  "document.create": { data: NewDocument; result: Document }
  "document.put": { data: NewDocument; result: Document }
  "document.patch": { data: { readonly collection: string; readonly id: string; readonly patch: JsonObject }; result: Document }
  "document.increment": { data: Increment; result: Document }
  "document.delete": { data: { readonly collection: string; readonly id: string }; result: { readonly collection: string; readonly id: string } }
  revert: { data: Revert; result: readonly Change[] }
}

interface NewPassword {
  readonly userId: string
  readonly password: string
  /** The user's sessions end in the same version, but for the one that asks. */
  readonly revokeSessions?: boolean | undefined
  /** What a session must know to change its user's password. */
  readonly currentPassword?: string | undefined
}

/** `field` is a name in the document's value; the sum is refused outside of `min` and `max`. */
interface Increment {
  readonly collection: string
  readonly id: string
  readonly field: string
  readonly by: number
  readonly min?: number | undefined
  readonly max?: number | undefined
}

/** A version to undo, or an entity with the version that it goes back to. */
type Revert = ({ readonly version: number } | { readonly collection: string; readonly id: string; readonly to: number }) & {
  /** Also where later changes are lost by it. */
  readonly force?: boolean | undefined
}

/** What became of an entity that a revert changed. */
export interface Change {
  readonly collection: string
  readonly id: string
  readonly change: "created" | "updated" | "deleted"
  /** The user, document or definition; null where it was deleted. */
  readonly value: User | Document | CollectionDefinition | null
}

interface NewDocument {
  readonly collection: string
  /** Made by the server where it is left out. */
  readonly id?: string | undefined
  readonly value: JsonObject
}

/** What must hold for one operation; the whole transaction is refused otherwise. */
export type Condition = { readonly version: number } | { readonly absent: true } | { readonly present: true }

export type OperationName = keyof Operations

type OrReferences<Data> = { readonly [Field in keyof Data]: Data[Field] | Reference }

export type Operation<Name extends OperationName = OperationName> = {
  [N in Name]: {
    readonly op: N
    readonly data: OrReferences<Operations[N]["data"]>
    /** A name for references of later operations. */
    readonly as?: string
    readonly if?: Condition
  }
}[Name]

export type ResultOf<Asked extends { readonly op: OperationName }> = Operations[Asked["op"]]["result"]

/** One result for each operation, in their order. */
export type ResultsOf<Asked extends readonly { readonly op: OperationName }[]> = { readonly [Index in keyof Asked]: ResultOf<Asked[Index]> }
