// What becomes of the transactions that a simulated primary has taken, as src/node/fates.ts and src/node/writer.ts see to it.
import type { Epoch } from "../../src/protocol/epoch.ts"
import type { Reader } from "../../src/store/store.ts"
import type { Client, Clients } from "./clients.ts"
import type { NodeName } from "./disk.ts"

interface Fate {
  /** Of the batch; a replay of an earlier version does not rest on it. */
  readonly first: number
  readonly last: number
  readonly clients: Client[]
}

export interface FatesParts {
  readonly name: NodeName
  readonly store: Reader
  readonly clients: Clients
  readonly epoch: () => Epoch
  readonly solo: () => boolean
}

export class Fates {
  readonly #parts: FatesParts
  #appended: Fate | undefined
  #unacknowledged: Fate[] = []

  constructor(parts: FatesParts) {
    this.#parts = parts
  }

  get waiting(): boolean {
    return this.#unacknowledged.length > 0
  }

  append(fate: Fate): void {
    this.#appended = fate
  }

  /** Whether an attempt under this key has no outcome yet: the writer makes a retry wait for it. */
  isUnderWay(key: string): boolean {
    return this.#unacknowledged.some(({ clients }) => clients.some((client) => client.key === key))
  }

  withoutRecords(clients: readonly Client[]): void {
    const newest = this.#unacknowledged.at(-1)
    if (newest === undefined) for (const client of clients) this.#answered(client)
    else newest.clients.push(...clients)
  }

  decided(): void {
    if (this.#appended !== undefined) this.#unacknowledged.push(this.#appended)
    this.#appended = undefined
  }

  acknowledged(version: number): void {
    while (this.#unacknowledged[0] !== undefined && this.#unacknowledged[0].last <= version) {
      for (const client of this.#unacknowledged.shift()?.clients ?? []) this.#answered(client)
    }
  }

  /** Nothing of the batch is anywhere; a replay of what was committed before it stands. */
  rejected(): void {
    const { clients = [], first = 0 } = this.#appended ?? {}
    this.#appended = undefined
    for (const client of clients) {
      if (client.executed.kind === "replay" && client.executed.version < first) this.#answered(client)
      else this.#parts.clients.refused(client, this.#parts.name)
    }
  }

  stuck(): void {
    for (const client of this.#withoutAnswer()) {
      if (client.executed.kind === "refused") this.#parts.clients.refused(client, this.#parts.name)
      else this.#parts.clients.heardNothing(client, this.#parts.name)
    }
  }

  /** The process is gone, and every connection with it. */
  gone(): void {
    for (const client of this.#withoutAnswer()) this.#parts.clients.heardNothing(client, this.#parts.name)
  }

  #withoutAnswer(): Client[] {
    const fates = [...this.#unacknowledged, ...(this.#appended === undefined ? [] : [this.#appended])]
    this.#unacknowledged = []
    this.#appended = undefined
    return fates.flatMap(({ clients }) => clients)
  }

  #answered(client: Client): void {
    const { name, store, clients, epoch, solo } = this.#parts
    clients.answered(client, store, { node: name, epoch: epoch(), solo: solo() })
  }
}
