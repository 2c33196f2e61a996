// npm run bench:lists [-- --rounds 9]: what pages and reads cost in a large store and in a small one, after a long history and
// after none: ratios, measured in turns in one run, because what a machine gives changes from minute to minute.
import { parseArgs } from "node:util"
import { LoadedStore, type Operation } from "./loaded-store.ts"
import { print } from "./shown.ts"

const { values } = parseArgs({ options: { rounds: { type: "string", default: "9" } } })
const rounds = Number(values.rounds)

const collection = "things"
const fields = {
  owner: { type: "string", index: true },
  done: { type: "boolean", index: true },
  rank: { type: "integer", index: true },
  due: { type: "time", index: true },
  createdAt: { type: "time", index: true },
  title: { type: "string" },
}
const perOwner = 500
const perTransaction = 500

/** Spread evenly, and the same each time. */
function scattered(n: number): number {
  return (n * 2_654_435_761) % 4_294_967_296
}

function thing(n: number, count: number): Operation {
  const value = {
    owner: `user-${scattered(n) % (count / perOwner)}`,
    done: n % 2 === 0,
    rank: scattered(n + 1) % 1_000_000,
    due: new Date(Date.UTC(2026, 0, 1) + (scattered(n + 2) % 31_536_000_000)).toISOString(),
    title: `What is to be done for the ${n}th time, in a line of some length`,
  }
  return { op: "document.create", data: { collection, id: String(scattered(n)), value } }
}

async function filled(count: number): Promise<LoadedStore> {
  const store = new LoadedStore()
  await store.load([[{ op: "collection.define", data: { name: collection, fields } }]])
  for (let n = 0; n < count; n += 8 * perTransaction) {
    const transactions = Array.from({ length: 8 }, (_, t) => Array.from({ length: perTransaction }, (_, k) => n + t * perTransaction + k).filter((one) => one < count))
    await store.load(transactions.filter((ids) => ids.length > 0).map((ids) => ids.map((id) => thing(id, count))))
    if (n % 100_000 === 0) print(`\r  ${n.toLocaleString("en")} documents`)
  }
  print(`\r  ${count.toLocaleString("en")} documents\n`)
  return store
}

interface Compared {
  readonly what: string
  /** Undefined where there is nothing to reach: then it is told only. */
  readonly toReach?: number
  readonly ours: (count: number) => number
  readonly theirs: (count: number) => number
}

/** The middle of all rounds, each of which measures both. */
function compare({ what, toReach, ours, theirs }: Compared): void {
  for (const measure of [ours, theirs]) measure(20)
  const count = Math.max(5, Math.round(100_000 / Math.max(ours(20), theirs(20))))
  const measured = Array.from({ length: rounds }, () => ({ theirs: theirs(count), ours: ours(count) }))
  const ratio = middle(measured.map((one) => one.ours / one.theirs))
  const aim = toReach === undefined ? "" : `; to reach: ${toReach}${ratio > toReach ? ", MISSED" : ""}`
  print(`${what}: ${middle(measured.map((one) => one.ours)).toFixed(0)} µs against ${middle(measured.map((one) => one.theirs)).toFixed(0)} µs, ${ratio.toFixed(2)} times${aim}\n`)
}

function middle(numbers: readonly number[]): number {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0
}

const stores: LoadedStore[] = []
try {
  const small = await filled(10_000)
  stores.push(small)
  const large = await filled(1_000_000)
  stores.push(large)
  const pages = {
    "of one owner, latest due first": `/${collection}?owner=user-7&sort=-due&limit=50`,
    "of half of all, latest due first": `/${collection}?done=false&sort=-due&limit=50`,
    "newest first": `/${collection}?sort=-createdAt&limit=50`,
    "of a range, in its order, filtered": `/${collection}?due.gte=2026-06-01T00:00:00Z&done=false&rank.lt=500000&sort=due&limit=50`,
    "of one owner": `/${collection}?owner=user-7&limit=50`,
    "without a filter": `/${collection}?limit=50`,
  }
  print("A page of 50 among 1,000,000 against the same among 10,000\n")
  for (const [what, path] of Object.entries(pages)) {
    compare({ what: `  ${what}`, toReach: 1.5, ours: (count) => large.microseconds(path, count), theirs: (count) => small.microseconds(path, count) })
  }

  const before = small.version
  const versions = 100_000
  for (let n = 0; n < versions; n += 512) {
    const patch = (k: number): Operation => ({ op: "document.patch", data: { collection, id: String(scattered(k % 10_000)), patch: { rank: scattered(k + n) % 1_000_000, due: new Date(Date.UTC(2026, 0, 1) + (scattered(k * 7 + n) % 31_536_000_000)).toISOString() } } })
    await small.load(Array.from({ length: Math.min(512, versions - n) }, (_, k) => [patch(n + k)]))
  }
  print(`As of ${(small.version - before).toLocaleString("en")} versions back against the newest\n`)
  for (const [what, path] of Object.entries(pages)) {
    compare({ what: `  ${what}`, toReach: 3, ours: (count) => small.microseconds(`${path}&at=${before}`, count), theirs: (count) => small.microseconds(path, count) })
  }

  const fewer = small.version
  for (let n = 0; n < versions; n += 512) await small.load(Array.from({ length: Math.min(512, versions - n) }, (_, k) => [thing(1_000_000 + n + k, 10_000)]))
  print(`As of ${(small.version - fewer).toLocaleString("en")} versions back, when there were 10,000 documents, against the newest, with 110,000\n`)
  for (const [what, path] of Object.entries(pages)) {
    compare({ what: `  ${what}`, ours: (count) => small.microseconds(`${path}&at=${fewer}`, count), theirs: (count) => small.microseconds(path, count) })
  }

  await small.load([[{ op: "document.create", data: { collection, id: "calm", value: { rank: 1 } } }, { op: "document.create", data: { collection, id: "busy", value: { rank: 1 } } }]])
  for (let n = 1; n < versions; n += 512) await small.load(Array.from({ length: Math.min(512, versions - n) }, (_, k) => [{ op: "document.patch", data: { collection, id: "busy", patch: { rank: n + k } } }]))
  print("An entity with 100,000 versions against one with 1\n")
  compare({ what: "  GET", toReach: 1.1, ours: (count) => small.microseconds(`/${collection}/busy`, count), theirs: (count) => small.microseconds(`/${collection}/calm`, count) })
} finally {
  for (const store of stores) await store.remove()
}
