// Documents, as a node answers them.
import type { JsonObject } from "./json.ts"

export interface Document<T extends object = JsonObject> {
  readonly collection: string
  readonly id: string
  readonly value: T
  /** RFC 3339, in UTC. */
  readonly createdAt: string
  readonly updatedAt: string
  /** The version that last changed it, and the one that created it. */
  readonly version: number
  readonly createdVersion: number
}
