// One record of the commit log: a transaction as it was asked for, and what it wrote.

export interface LogRecord {
  readonly version: number
  readonly epoch: number
  readonly time: string
  readonly principal: string
  readonly note: string | null
  readonly key: string | null
  readonly operations: readonly { readonly op: string; readonly data: unknown }[]
  /** `value` is null where the entity was deleted. */
  readonly writes: readonly { readonly collection: string; readonly id: string; readonly value: unknown }[]
  readonly parent: string
  readonly digest: string
}
