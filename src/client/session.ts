// Sessions, as a node answers them and as operations take them.
import type { JsonObject } from "./json.ts"

/** Of a session that has begun; never its token. */
export interface Session {
  readonly id: string
  readonly userId: string
  /** RFC 3339, in UTC: its end, however often it is touched. */
  readonly expiresAt: string
  /** Its end unless it is touched before; null where it may be idle. */
  readonly idleExpiresAt: string | null
  /** How long it may be idle, such as `30m`. */
  readonly idle: string | null
  readonly data: JsonObject
  readonly createdAt: string
  readonly updatedAt: string
  readonly version: number
  readonly createdVersion: number
}

/** What `session.create` results in. */
export interface StartedSession extends Pick<Session, "id" | "userId" | "expiresAt" | "idleExpiresAt"> {
  /** Shown once, by the answer that made it; only its hash is stored. Missing where that answer was lost and had to be asked for again. */
  readonly token?: string
}

/** Whose session it shall be: by e-mail and password, or, for servers that know who it is, by id. */
export type Login = ({ readonly email: string; readonly password: string } | { readonly userId: string }) & {
  /** How long it lasts, such as `12h` (30d). */
  readonly ttl?: string | undefined
  /** How long it may be idle (as long as it lasts). */
  readonly idle?: string | undefined
  /** Of your own, such as what it was opened with. */
  readonly data?: JsonObject
}
