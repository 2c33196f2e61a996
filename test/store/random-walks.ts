// What a random history says of its indexes as of a version, by the plainest means, against what the store's walks, holders
// and look-ups say: every field, both directions, ranges, pages of any size and from any place.
import { expect } from "bun:test"
import type { Term } from "../../src/store/row.ts"
import type { WalkPlace, WalkQuery } from "../../src/store/store.ts"
import type { TableStore } from "../../src/store/table-store.ts"
import type { Random } from "../sim/random.ts"
import { plain } from "./chain.ts"

/** The terms of every entity of a collection, by id. */
export type TermsById = ReadonlyMap<string, readonly Term[]>

export function compareWalks(store: TableStore, collection: string, terms: TermsById, values: ReadonlyMap<string, readonly Uint8Array[]>, at: number, random: Random): void {
  for (const [field, known] of values) {
    const all = entriesOf(terms, field)
    const bound = (): WalkQuery["from"] => (random.chance(0.5) ? undefined : { value: random.pick(known), inclusive: random.chance(0.5) })
    for (const reverse of [false, true]) {
      const query: WalkQuery = { at, reverse, limit: random.between(1, 4), from: bound(), to: bound(), after: random.chance(0.6) ? undefined : { value: random.pick(known), id: random.pick(["a", "ab", "m", "z"]) } }
      expect([collection, field, shown(query), walked(store, collection, field, query)]).toEqual([collection, field, shown(query), expected(all, query)])
      expect([collection, field, at, reverse, walked(store, collection, field, { at, reverse, limit: 2 })]).toEqual([collection, field, at, reverse, expected(all, { at, reverse, limit: 2 })])
    }
    for (const value of known) {
      const ids = all.filter((place) => Buffer.compare(place.value, value) === 0).map(({ id }) => id)
      expect([collection, field, at, held(store, collection, field, value, at)]).toEqual([collection, field, at, ids])
    }
  }
}

function entriesOf(terms: TermsById, field: string): WalkPlace[] {
  const places = [...terms].flatMap(([id, own]) => own.filter((term) => term.field === field).map(({ value }) => ({ value, id })))
  return places.sort(comparePlaces)
}

function comparePlaces(a: WalkPlace, b: WalkPlace): number {
  return Buffer.compare(a.value, b.value) || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id))
}

function expected(all: readonly WalkPlace[], { reverse, from, to, after }: WalkQuery): string[] {
  const within = all.filter((place) => {
    const [low, high] = [from === undefined ? 1 : Buffer.compare(place.value, from.value), to === undefined ? -1 : Buffer.compare(place.value, to.value)]
    const beyond = after === undefined ? 1 : comparePlaces(place, after) * (reverse ? -1 : 1)
    return (low > 0 || (low === 0 && from?.inclusive === true)) && (high < 0 || (high === 0 && to?.inclusive === true)) && beyond > 0
  })
  const lines = within.map(line)
  return reverse ? lines.reverse() : lines
}

function walked(store: TableStore, collection: string, field: string, query: WalkQuery): string[] {
  const found: string[] = []
  for (let { after } = query; ; ) {
    const page = store.walk(collection, field, { ...query, after })
    expect(page.entries.length).toBeLessThanOrEqual(query.limit)
    found.push(...page.entries.map(line))
    if (page.next === undefined) return found
    after = page.next
  }
}

function held(store: TableStore, collection: string, field: string, value: Uint8Array, at: number): string[] {
  const found: string[] = []
  for (let after: string | undefined; ; ) {
    const page = store.holders(collection, field, value, { at, after, limit: 2 })
    found.push(...page.ids)
    if (page.next === undefined) return found
    after = page.next
  }
}

function line({ value, id }: WalkPlace): string {
  return `${Buffer.from(value).toString("latin1")} ${id}`
}

function shown({ at, reverse, limit, from, to, after }: WalkQuery): unknown {
  const bound = (one: WalkQuery["from"]): unknown => one && [line({ value: one.value, id: "" }), one.inclusive]
  return [at, reverse, limit, bound(from), bound(to), after && line(after)]
}

/** Values that a history gives to `colour`, some of which others begin with. */
export const colours = ["red", "blue", "redder", "re"].map((colour) => plain(colour))
