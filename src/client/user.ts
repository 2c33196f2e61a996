// Users, as a node answers them and as operations take them.
import type { JsonObject, Patch } from "./json.ts"

/** `Data` is what you say that its data is. */
export interface User<Data extends object = JsonObject> {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly verified: boolean
  readonly disabled: boolean
  readonly data: Data
  /** RFC 3339, in UTC. */
  readonly createdAt: string
  readonly updatedAt: string
  /** The version that last changed it, and the one that created it. */
  readonly version: number
  readonly createdVersion: number
}

export interface NewUser<Data extends object = JsonObject> {
  /** Made by the server where it is left out. */
  readonly id?: string
  readonly email: string
  readonly name?: string | null
  readonly verified?: boolean
  readonly data?: Data
}

export interface UserChanges<Data extends object = JsonObject> {
  readonly email?: string
  readonly name?: string | null
  readonly verified?: boolean
  readonly disabled?: boolean
  /** A merge patch: `null` removes a field. */
  readonly data?: Patch<Data>
}
