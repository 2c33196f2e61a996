// What an operation of POST /do is. One file per operation, one line in registry.ts, one test.
import type { GenericSchema } from "valibot"
import type { Refusal } from "../refusal.ts"
import type { LoginCredentials } from "./login.ts"
import type { Reader } from "../store/store.ts"
import type { Principal, Scope } from "./scope.ts"
import type { TransactionView } from "./transaction-view.ts"
import type { Verified } from "./verify-password.ts"

/** JSON that an operation answers with. */
export type Result =
  /** The entity that was written, exactly as a read will answer it. The record stores no second copy. */
  | { readonly kind: "entity"; readonly collection: string; readonly id: string }
  | { readonly kind: "value"; readonly value: unknown }

export interface Operation<Data> {
  readonly name: string
  /** What it does, in a sentence, for the description at /openapi.json. */
  readonly summary: string
  readonly scope: Scope
  /** Strict: unknown fields are refused. */
  readonly schema: GenericSchema<unknown, Data>
  /** The shape of what it answers with. Tests hold every answer against it. */
  readonly result: GenericSchema
  /** Data that is taken and what comes of it, in the store that test/http/story.ts tells of. */
  readonly example: { readonly data: object; readonly result: unknown }
  /** Fields of the data that `seal` replaces: they are known before the transaction runs, so no reference stands in them. */
  readonly secretFields?: readonly string[]
  /** The entity that `if` preconditions are about, where the operation has one. */
  readonly target?: (data: Data) => { readonly collection: string; readonly id: string } | undefined
  /**
   * Replaces secrets before the transaction queues (a password by its hash, a fresh key by its digest); what it
   * returns is what `run` gets and what the record stores. `salt` differs per idempotency key and operation and is
   * the same in a retry, so a retry is recognised by its fingerprint. `once` is shown to the client once.
   */
  readonly seal?: (data: Data, context: SealContext) => Promise<Sealed<Data> | Refusal>
  /**
   * What stands between `run` and who has no API key: it asks whether that one may, and calls `run`, which looks at the
   * operation's condition too, with the data that it lets through. An operation without it is for API keys only.
   */
  readonly forUsers?: (data: Data, view: TransactionView, run: (data: Data) => Result | Refusal, sealed: unknown, checked: unknown) => Result | Refusal
  /** Changes `view` or refuses; a refusal leaves no trace. Deterministic but for `view.newId()`. */
  readonly run: (data: Data, view: TransactionView, sealed: unknown) => Result | Refusal
}

/** What `if` asks of the operation's target. */
export type Condition = { readonly version: number } | { readonly absent: true } | { readonly present: true }

export interface SealContext {
  readonly principal: Principal
  readonly salt: Uint8Array
  readonly hashPassword: (password: string, salt: Uint8Array) => Promise<string | Refusal>
  readonly verifyLogin: (credentials: LoginCredentials) => Promise<Verified | Refusal>
  readonly randomToken: (prefix: string) => string
  readonly reader: Reader
  /** The newest committed version. */
  readonly committed: () => number
}

export interface Sealed<Data> {
  /** The data without its secrets: what the record stores as the operation. */
  readonly data: Data
  /** What `run` needs in place of the secrets; stored beside the data. Never a secret itself. */
  readonly sealed: unknown
  /** Whether a retry seals to the same: then it is part of the fingerprint. */
  readonly repeatable: boolean
  readonly once?: object
  /** What `forUsers` needs to know of secrets that were looked at; stored nowhere. */
  readonly checked?: unknown
}

/** Keeps the data's type inside the operation, so that operations of all kinds fit into one registry. */
export function operation<Data>(definition: Operation<Data>): Operation<unknown> {
  return definition as unknown as Operation<unknown>
}
