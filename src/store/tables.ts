// What the store needs of the key-value engine beneath it: ordered tables and one atomic, durable transaction.
// LMDB is the engine (environment.ts); the simulator has one in memory, so that the same store code runs in both.

export interface Range {
  readonly start?: Uint8Array
  /** Not included; with `reverse` the lower end. */
  readonly end?: Uint8Array
  readonly limit?: number
  readonly reverse?: boolean
}

export interface Table {
  get(key: Buffer): Buffer | undefined
  /** Copies both before it returns. */
  put(key: Buffer, value: Buffer): unknown
  remove(key: Buffer): unknown
  getRange(range: Range): Iterable<{ readonly key: Buffer; readonly value: Buffer }>
  getKeys(range: Range): Iterable<Buffer>
}

export const tableNames = ["log", "rows", "history", "index", "index_history", "keys", "hard_state"] as const

export type TableName = (typeof tableNames)[number]

export type Tables = { readonly [Name in TableName]: Table }

export interface Engine {
  readonly tables: Tables
  /** Runs `write` as one transaction that is on disk when this returns. Throws having changed nothing. */
  transact(write: () => void): void
  /**
   * Until the function that this gives is called, an entry that the disk has damaged is told to `listener` and read as it is, instead
   * of throwing StoreDamaged. For a check, within one turn: nobody else may see such bytes. An engine that has no disk has it not.
   */
  listen?(listener: (table: TableName, key: Buffer) => void): () => void
  /** Of an engine on a disk: its state of some moment after the call as a new file, while writes go on. Neither fsynced nor looked at. */
  copyTo?(path: string): Promise<void>
  /** Of an engine on a disk: of its file. */
  sizeBytes?(): number
  close(): Promise<void>
}
