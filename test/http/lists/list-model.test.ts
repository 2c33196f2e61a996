// Random documents, changed and deleted at random, and random lists of them as of every version, in both directions and in pages of
// every size, while they are changed on: each list is exactly what the model says, nothing skipped and nothing repeated (P7).
import { expect, test } from "bun:test"
import { listAnswer } from "../../../src/http/lists/list-page.ts"
import type { ListLimits } from "../../../src/http/lists/list-limits.ts"
import { listParameters, parseListParameters } from "../../../src/http/lists/list-parameters.ts"
import { isRefusal } from "../../../src/refusal.ts"
import { Random } from "../../sim/random.ts"
import { Harness, inside } from "../harness.ts"
import { ListModel, type ModelFilter, type ModelSort, type Scalar, type Value } from "./list-model.ts"

const seeds = process.env["LIST_SEED"] === undefined ? Array.from({ length: 20 }, (_, n) => n + 1) : [Number(process.env["LIST_SEED"])]
const ids = ["a", "A", "ab", "b", "c/d", "ä", "z", "\u{1f600}", "\uffee", "zz", "m", "n"]

/** Unique: each document has its own, or none. */
function codeOf(id: string): string {
  return `code of ${id}`
}

const domains: Readonly<Record<string, { readonly type: string; readonly values: readonly Exclude<Scalar, null>[] }>> = {
  text: { type: "string", values: ["", "a", "ab", "b", "ä", "\u{1f600}", "\uffee"] },
  whole: { type: "integer", values: [-10, -1, 0, 1, 2, 300] },
  number: { type: "number", values: [-1.5, 0, 0.1, 1, 1e9] },
  flag: { type: "boolean", values: [true, false] },
  code: { type: "string", values: ids.map(codeOf) },
  moment: { type: "time", values: ["2025-12-31T23:59:59.999Z", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.001Z"] },
}
const fields = Object.keys(domains)
const operators = ["is", "is", "gt", "gte", "lt", "lte"] as const

interface Asked {
  readonly filters: readonly ModelFilter[]
  readonly sort: ModelSort | undefined
  readonly at: number
  readonly limit: number
}

/** Small enough that every list meets them; what a walk itself may look at is the store's. */
const tight: ListLimits = { scanMax: 3, lookMax: 6, bytesMax: 700, sortMax: 4, countMax: 5 }

class Run {
  readonly #random: Random
  readonly #tandem = new Harness()
  readonly #model = new ListModel()
  /** By version from which on they hold. */
  readonly #indexed: { readonly since: number; readonly fields: readonly string[] }[] = []

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  async run(): Promise<void> {
    await this.#define()
    for (let n = 0; n < 25; n++) await this.#change()
    await this.#define()
    for (let n = 0; n < 10; n++) await this.#change()
    for (let at = 1; at <= this.#head; at++) await this.#check(this.#ask(at))
    for (let n = 0; n < 30; n++) await this.#check(this.#ask(this.#head))
  }

  get #head(): number {
    return this.#tandem.node.committed()
  }

  /** Gives some of the fields an index; those that have one keep it or lose it. */
  async #define(): Promise<void> {
    const indexed = fields.filter(() => this.#random.chance(0.7))
    const all = Object.fromEntries(fields.map((name) => [name, { type: domains[name]?.type, ...(indexed.includes(name) ? { [name === "code" ? "unique" : "index"]: true } : {}) }]))
    await this.#tandem.commit({ op: "collection.define", data: { name: "things", fields: all } })
    this.#indexed.push({ since: this.#head, fields: indexed })
  }

  async #change(): Promise<void> {
    const random = this.#random
    const before = this.#model.at(this.#head)
    const touched = ids.filter(() => random.chance(0.2))
    const changes = touched.map((id) => ({ id, value: before.has(id) && random.chance(0.3) ? undefined : this.#value(id) }))
    const [operations, told] = [changes.filter(({ id, value }) => value !== undefined || before.has(id)), new Map(changes.map(({ id, value }) => [id, value]))]
    if (operations.length === 0) return
    await this.#tandem.commit(
      ...operations.map(({ id, value }) => (value === undefined ? { op: "document.delete", data: { collection: "things", id } } : { op: "document.put", data: { collection: "things", id, value } })),
    )
    this.#model.set(this.#head, (documents) => {
      for (const [id, value] of told) {
        if (value === undefined) documents.delete(id)
        else documents.set(id, value)
      }
    })
  }

  #value(id: string): Value {
    const entries = fields.filter(() => this.#random.chance(0.8)).map((name) => [name, this.#random.chance(0.15) ? null : name === "code" ? codeOf(id) : this.#random.pick(domains[name]?.values ?? [])] as const)
    return Object.fromEntries(entries)
  }

  #ask(at: number): Asked {
    const random = this.#random
    const indexed = this.#indexed.findLast(({ since }) => since <= at)?.fields ?? []
    const filters = indexed.flatMap((field): ModelFilter[] => {
      const one = (): ModelFilter => ({ field, operator: random.pick(operators), value: random.pick(domains[field]?.values ?? []) })
      const [first, second] = [one(), one()]
      if (random.chance(0.6)) return []
      return first.operator !== second.operator && random.chance(0.3) ? [first, second] : [first]
    })
    const sort = indexed.length === 0 || random.chance(0.3) ? undefined : { field: random.pick(indexed), reverse: random.chance(0.5) }
    return { filters, sort, at, limit: random.pick([1, 2, 3, 5, 50]) }
  }

  async #check(asked: Asked): Promise<void> {
    const { filters, sort, at } = asked
    const query = [
      ...filters.map(({ field, operator, value }) => `${field}${operator === "is" ? "" : `.${operator}`}=${encodeURIComponent(String(value))}`),
      ...(sort === undefined ? [] : [`sort=${sort.reverse ? "-" : ""}${sort.field}`]),
    ].join("&")
    // Without an order of its own and without equality, a list is in the order of one of its ranges.
    const free = sort === undefined && filters.length > 0 && !filters.some(({ field, operator }) => operator === "is" || this.#isPoint(filters, field))
    const orders = free ? filters.map(({ field }) => ({ field, reverse: false })) : [sort]
    const expected = orders.map((order) => this.#model.list(at, filters, order))
    const count = expected[0]?.length ?? 0
    try {
      expect(expected).toContainEqual(await this.#followed(query, asked, count))
      expect(expected).toContainEqual(this.#followedTightly(query, asked, count))
    } catch (error) {
      throw new Error(`?${query} at ${at}, ${asked.limit} to a page`, { cause: error })
    }
  }

  #isPoint(filters: readonly ModelFilter[], field: string): boolean {
    const own = filters.filter((filter) => filter.field === field)
    return own.length === 2 && own[0]?.value === own[1]?.value && own.every(({ operator }) => operator === "gte" || operator === "lte")
  }

  /** All pages by their links, with changes in between. */
  async #followed(query: string, { at, limit }: Asked, count: number): Promise<string[]> {
    const seen: string[] = []
    // The newest is what is answered without a version, too.
    let path = `/things?limit=${limit}&count=true&${query}${at === this.#head && this.#random.chance(0.5) ? "" : `&at=${at}`}`
    while (path !== "") {
      const page = await this.#tandem.get(path)
      expect([page.status, page.status === 200 ? "" : page.text]).toEqual([200, ""])
      expect(inside(page.json, "version")).toBe(at)
      expect(inside(page.json, "count")).toBe(count)
      seen.push(...idsOf(page.json))
      const link = page.headers.get("link")
      expect(link === null).toBe(inside(page.json, "next") === null)
      path = link === null ? "" : (/^<([^>]+)>; rel="next"$/.exec(link)?.[1] ?? "")
      if (this.#random.chance(0.2)) await this.#change()
    }
    return seen
  }

  /** All pages where each may look at next to nothing. */
  #followedTightly(query: string, { at, limit }: Asked, count: number): string[] {
    const seen: string[] = []
    for (let cursor = "", pages = 0; ; pages++) {
      const parameters = parseListParameters(`http://tandem.test/things?limit=${limit}&count=true&${query}${cursor}`)
      if (isRefusal(parameters)) throw new Error(parameters.detail)
      const page = listAnswer({ reader: this.#tandem.node.reader, collection: "things", at }, parameters, listParameters, tight)
      if (isRefusal(page)) throw new Error(page.detail)
      const body: unknown = JSON.parse(Buffer.from(page.bytes).toString())
      expect(idsOf(body).length).toBeLessThanOrEqual(limit)
      const counted = inside(body, "count")
      expect(counted === null ? Number(inside(body, "countAtLeast")) <= count : counted === count).toBe(true)
      seen.push(...idsOf(body))
      if (page.next === null) return seen
      expect(pages).toBeLessThan(100)
      cursor = `&cursor=${page.next}`
    }
  }
}

function idsOf(body: unknown): string[] {
  return (inside(body, "items") as readonly unknown[]).map((item) => String(inside(item, "id")))
}

test("a list shows exactly what the model says, at every version, in every order, page by page while others write (P7)", async () => {
  for (const seed of seeds) {
    try {
      await new Run(seed).run()
    } catch (error) {
      throw new Error(`seed ${seed} fails; replay it with LIST_SEED=${seed} npx bun test test/http/lists/list-model.test.ts`, { cause: error })
    }
  }
})
