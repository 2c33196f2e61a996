// One version of an entity in its history: who, when, which operation, what changed.

export interface HistoryItem<Entity> {
  readonly version: number
  readonly time: string | null
  readonly principal: string | null
  readonly note: string | null
  /** The operation, such as `user.update`. */
  readonly op: string | null
  readonly change: "created" | "updated" | "deleted"
  /** Null where it was deleted. */
  readonly value: Entity | null
  /** An RFC 6902 patch from the version before. Null for the oldest that is kept, where there was one before it. */
  readonly diff: readonly DiffStep[] | null
}

export interface DiffStep {
  readonly op: "add" | "replace" | "remove"
  /** A JSON pointer. */
  readonly path: string
  /** Missing with `remove`. */
  readonly value?: unknown
}
