// Users, as a node answers them and as operations take them.
import type { JsonObject } from "./json.ts"

export interface User {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly verified: boolean
  readonly disabled: boolean
  readonly data: JsonObject
  /** RFC 3339, in UTC. */
  readonly createdAt: string
  readonly updatedAt: string
  /** The version that last changed it, and the one that created it. */
  readonly version: number
  readonly createdVersion: number
}

export interface NewUser {
  /** Made by the server where it is left out. */
  readonly id?: string
  readonly email: string
  readonly name?: string | null
  readonly verified?: boolean
  readonly data?: JsonObject
}

export interface UserChanges {
  readonly email?: string
  readonly name?: string | null
  readonly verified?: boolean
  readonly disabled?: boolean
  /** A merge patch: `null` removes a field. */
  readonly data?: JsonObject
}
