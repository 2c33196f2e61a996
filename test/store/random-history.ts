// A seeded history that uses everything the store has: batches, undo, deletes and returns, values that pass on, batches that
// are refused. Runs on any number of stores at once, which must end up alike.
import { expect } from "bun:test"
import type { SealedRecord } from "../../src/protocol/record.ts"
import { horizonRow, oldestOf } from "../../src/store/horizon.ts"
import { rowText, type Term } from "../../src/store/row.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import { sameTerm } from "../../src/store/term-index.ts"
import { Random } from "../sim/random.ts"
import { Chain, type Change, unique } from "./chain.ts"
import { colours, compareWalks, type TermsById } from "./random-walks.ts"

export const collections = ["things", "thing", "users"]
const ids = ["a", "ab", "b", "ä", "z", "zz"]
const names = ["x", "xy", "xyz", "語", "w"]
const values = new Map([["name", names.map((name) => unique(name).value)], ["colour", colours.map(({ value }) => value)]])

/** What one version left behind: entity names to bodies and to terms, and `collection/name` to holders. */
export interface Expected {
  readonly bodies: ReadonlyMap<string, string>
  readonly holders: ReadonlyMap<string, string>
  readonly terms: ReadonlyMap<string, readonly Term[]>
}

const nothing: Expected = { bodies: new Map(), holders: new Map(), terms: new Map() }

export class RandomHistory {
  readonly chain = new Chain()
  /** By version, from 0 on. */
  readonly expected: Expected[] = [nothing]
  refused = 0
  undone = 0
  filled = 0
  readonly #random: Random
  #keys = 0

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  /** One batch: committed, undone after a look at it, or refused. */
  async step(stores: readonly TableStore[]): Promise<void> {
    const random = this.#random
    const back = this.mark()
    const committed = this.chain.version
    const records: SealedRecord[] = []
    for (let count = random.between(1, 4); count > 0; count--) records.push(this.#record())
    const isBroken = random.chance(0.1) && this.#breakUnique(records)
    for (const store of stores) expect((await store.prepare({ records, committed }))?.code).toBe(isBroken ? "unique" : undefined)
    if (isBroken) this.refused++
    const isUndone = !isBroken && random.chance(0.25)
    if (isUndone) {
      this.undone++
      for (const store of stores) await store.undo()
    }
    if (isBroken || isUndone) return back()
    for (const store of stores) store.commit(this.chain.version)
    if (random.chance(0.2)) for (const store of stores) await store.flush()
  }

  /** Moves the horizon, in a batch of its own. */
  async moveHorizon(stores: readonly TableStore[], oldest: number, collections: { readonly [collection: string]: number } = {}): Promise<void> {
    const committed = this.chain.version
    const record = this.chain.next([{ ...horizonRow, body: JSON.stringify({ oldest, collections }) }])
    this.expected.push(this.expected.at(-1) as Expected)
    for (const store of stores) {
      await store.prepare({ records: [record], committed })
      store.commit(record.version)
    }
  }

  #record(): SealedRecord {
    const random = this.#random
    const bodies = new Map(this.expected.at(-1)?.bodies)
    const holders = new Map(this.expected.at(-1)?.holders)
    const allTerms = new Map(this.expected.at(-1)?.terms)
    const collection = random.pick(collections)
    const touched = ids.filter(() => random.chance(0.35))
    const filled = touched.filter((id) => allTerms.has(`${collection}/${id}`) && random.chance(0.2))
    const written = touched.filter((id) => !filled.includes(id))
    for (const [name, holder] of holders) if (name.startsWith(`${collection}/`) && written.includes(holder) && random.chance(0.7)) holders.delete(name)
    const changes = touched.map((id): Change => {
      const own = (name: string): string => `${collection}/${name}`
      if (filled.includes(id)) {
        const had = allTerms.get(own(id)) ?? []
        const fill = random.pick([colours, names.filter((name) => !holders.has(own(name))).map((name) => unique(name))]).filter((term) => random.chance(0.5) && !had.some((one) => sameTerm(one, term)))
        for (const name of names) if (fill.some((term) => sameTerm(term, unique(name)))) holders.set(own(name), id)
        allTerms.set(own(id), [...had, ...fill])
        this.filled++
        return { collection, id, fill }
      }
      if (random.chance(0.25)) {
        for (const name of names) if (holders.get(own(name)) === id) holders.delete(own(name))
        bodies.set(own(id), "")
        allTerms.delete(own(id))
        return { collection, id }
      }
      const free = random.pick(names)
      if (random.chance(0.6) && !holders.has(own(free))) holders.set(own(free), id)
      const terms: Term[] = names.filter((name) => holders.get(own(name)) === id).map((name) => unique(name))
      if (random.chance(0.5)) terms.push(random.pick(colours))
      const body = JSON.stringify(`${this.chain.version + 1} ${"x".repeat(random.pick([0, 10, 3_000, 20_000]))}`)
      bodies.set(own(id), body)
      allTerms.set(own(id), terms)
      return { collection, id, body, terms }
    })
    this.expected.push({ bodies, holders, terms: allTerms })
    return this.chain.next(changes, random.chance(0.3) ? { key: `k${this.#keys++}` } : {})
  }

  /** Adds a record that gives a held value to another entity; false where none is held. */
  #breakUnique(records: SealedRecord[]): boolean {
    const [held] = this.expected.at(-1)?.holders ?? []
    if (held === undefined) return false
    const [collection = "", name = ""] = held[0].split("/")
    records.push(this.chain.next([{ collection, id: "thief", body: "1", terms: [unique(name)] }]))
    return true
  }

  /** Remembers where it is; the function that is returned goes back there. */
  mark(): () => void {
    const back = this.chain.mark()
    const { length } = this.expected
    return () => {
      back()
      this.expected.length = length
    }
  }
}

/** Everything that reads as of a version show must be what the history says. Of what was deleted, the tombstone may be gone. */
export function compareReads(store: TableStore, { expected }: RandomHistory, at: number, of: readonly string[] = collections): void {
  const { bodies, holders, terms } = expected[at] ?? nothing
  const random = new Random(at)
  for (const collection of of) {
    const live = ids.filter((id) => (bodies.get(`${collection}/${id}`) ?? "") !== "")
    const sorted = live.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const seen: string[] = []
    for (let after: string | undefined; ; ) {
      const page = store.page(collection, { at, after, limit: 2 })
      seen.push(...page.rows.map(({ id }) => id))
      if (page.next === undefined) break
      after = page.next
    }
    expect([at, collection, seen]).toEqual([at, collection, sorted])
    compareWalks(store, collection, termsOf(terms, collection), values, at, random)
    const isTrimmed = oldestOf(store.horizon(), collection) > 0
    for (const id of ids) {
      const text = bodies.get(`${collection}/${id}`)
      const shown = textOf(store, collection, id, at)
      expect([at, collection, id, isTrimmed && text === "" ? (shown ?? "") : shown]).toEqual([at, collection, id, text])
    }
    for (const name of names) expect([at, collection, name, store.lookup(collection, "name", unique(name).value, at)]).toEqual([at, collection, name, holders.get(`${collection}/${name}`)])
  }
}

function termsOf(terms: Expected["terms"], collection: string): TermsById {
  const own = [...terms].filter(([name]) => name.startsWith(`${collection}/`))
  return new Map(own.map(([name, of]) => [name.slice(collection.length + 1), of]))
}

function textOf(store: TableStore, collection: string, id: string, at: number): string | undefined {
  const row = store.row(collection, id, at)
  return row === undefined ? undefined : rowText(row)
}
