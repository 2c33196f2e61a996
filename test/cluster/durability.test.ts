// Fault 3: what strace sees of a write. Both disks have it before the client hears of it, and it costs each disk one
// transaction: its pages, one fdatasync, one meta page.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { join } from "node:path"
import { bounds } from "../../src/bounds.ts"
import { RealPair, until } from "./real-pair.ts"
import { readTrace, isStraceHere, strace, type SystemCall } from "./strace.ts"

const writes = 40
const calls = ["fdatasync", "fsync", "pwrite64", "pwritev", "writev", "write", "sendto", "sendmsg"]
/** More than any page or answer here has. */
const shownBytes = 100_000

/** One LMDB transaction, from its first page to the end of its meta page. */
interface DiskTransaction {
  readonly beginS: number
  readonly syncBeginS: number
  readonly syncEndS: number
  readonly metaBeginS: number
  readonly endS: number
  readonly pages: string
}

describe.skipIf(!isStraceHere)("writes, one after the other", () => {
  let pair: RealPair
  let a: SystemCall[]
  let b: SystemCall[]

  beforeAll(async () => {
    pair = await RealPair.make()
    for (const [n, node] of pair.nodes.entries()) node.start({ under: strace(join(pair.directory, `trace.${n}`), { calls, shownBytes }) })
    await pair.inSync()
    const define = await pair.a.do({ op: "collection.define", data: { name: "notes" } })
    expect(define.status).toBe(200)
    for (let n = 0; n < writes; n++) {
      const answer = await pair.a.do({ op: "document.put", data: { collection: "notes", id: "one", value: { mark: markOf(n) } } })
      expect(answer.status).toBe(200)
    }
    // The committed number of the last write goes to the disk by itself when all is quiet.
    await until("both have written down what is committed", async () => {
      const traces = [0, 1].map((n) => transactionsOf(readTrace(join(pair.directory, `trace.${n}`))))
      return traces.every((transactions) => transactions.at(-1) !== undefined && transactions.at(-1) !== firstWith(transactions, writes - 1))
    })
    await pair.a.stop()
    await pair.b.stop()
    ;[a, b] = [0, 1].map((n) => readTrace(join(pair.directory, `trace.${n}`))) as [SystemCall[], SystemCall[]]
  })

  afterAll(() => pair.remove())

  test("a client hears of its write after both disks have synced it (P1, I3)", () => {
    const answers = answersOf(a)
    expect(answers).toHaveLength(writes)
    for (const [n, answer] of answers.entries()) {
      for (const node of [a, b]) {
        const stored = firstWith(transactionsOf(node), n)
        expect(stored).toBeDefined()
        expect(stored?.endS).toBeLessThanOrEqual(answer.beginS)
      }
    }
  })

  test("the replica votes after its disk has synced the batch (I2)", () => {
    const votes = b.filter(({ name, arguments: shown }) => isSend(name) && shown.includes('\\"kind\\":\\"vote\\"'))
    expect(votes).toHaveLength(writes + 1)
    for (const [n, vote] of votes.slice(1).entries()) {
      const stored = firstWith(transactionsOf(b), n)
      expect(stored?.endS).toBeLessThanOrEqual(vote.beginS)
    }
  })

  describe.each(["the primary", "the replica"])("%s", (which) => {
    const trace = (): SystemCall[] => (which === "the primary" ? a : b)

    test("syncs the pages before it writes the meta page that shows them", () => {
      for (const { syncBeginS, syncEndS, metaBeginS, endS } of transactionsOf(trace())) {
        expect([syncBeginS, syncEndS, metaBeginS, endS].toSorted((x, y) => x - y)).toEqual([syncBeginS, syncEndS, metaBeginS, endS])
      }
    })

    test("stores each of the writes in one transaction of its own", () => {
      const transactions = transactionsOf(trace())
      const storing = Array.from({ length: writes }, (_, n) => transactions.findIndex(({ pages }) => pages.includes(markOf(n))))
      expect(storing).not.toContain(-1)
      expect(new Set(storing).size).toBe(writes)
      expect(storing.toSorted((x, y) => x - y)).toEqual(storing)
      // Between them nothing, but where the client paused for longer than a quiet node waits: then the committed number.
      const between = transactions.map((_, n) => n).filter((n) => n > (storing[0] ?? 0) && !storing.includes(n))
      expect(between.at(-1)).toBe(transactions.length - 1)
      for (const n of between) {
        expect(storing).toContain(n - 1)
        expect((transactions[n]?.beginS ?? 0) - (transactions[n - 1]?.beginS ?? 0)).toBeGreaterThan((bounds.idleFlushMs * 0.9) / 1_000)
      }
    })

    test("syncs nothing else", () => {
      const syncs = trace().filter(({ name, arguments: shown }) => (name === "fdatasync" || name === "fsync") && isData(shown))
      expect(syncs.every(({ name, result }) => name === "fdatasync" && result === 0)).toBe(true)
      expect(transactionsOf(trace())).toHaveLength(syncs.length)
    })
  })
})

function markOf(n: number): string {
  return `mark-${String(n).padStart(4, "0")}-`
}

/** The first that holds the mark, which later pages may repeat. */
function firstWith(transactions: readonly DiskTransaction[], n: number): DiskTransaction | undefined {
  return transactions.find(({ pages }) => pages.includes(markOf(n)))
}

/** Of the data file in place; it is made under another name. */
function isData(shown: string): boolean {
  return /^\d+<[^>]*\/[ab]\/data\.mdb>/.test(shown)
}

function isSend(name: string): boolean {
  return ["sendto", "sendmsg", "write", "writev"].includes(name)
}

/** Answers to writes that carry a mark, as they were given to the client's socket. */
function answersOf(trace: readonly SystemCall[]): SystemCall[] {
  return trace.filter(({ name, arguments: shown }) => isSend(name) && shown.includes('"HTTP/1.1 200') && shown.includes("mark-"))
}

/** Fails where writes to the data file follow each other in any other order. */
function transactionsOf(trace: readonly SystemCall[]): DiskTransaction[] {
  const done: DiskTransaction[] = []
  let pages: SystemCall[] = []
  let sync: SystemCall | undefined
  for (const call of trace.filter(({ name, arguments: shown }) => isData(shown) && name !== "fsync")) {
    if (call.name === "fdatasync") {
      if (sync !== undefined) throw new Error("two syncs in one transaction")
      sync = call
    } else if (sync === undefined) pages.push(call)
    else {
      if (!isMeta(call)) throw new Error(`a page was written after the sync: ${call.arguments.slice(-40)}`)
      done.push({
        beginS: pages[0]?.beginS ?? sync.beginS,
        syncBeginS: sync.beginS,
        syncEndS: sync.endS,
        metaBeginS: call.beginS,
        endS: call.endS,
        pages: pages.map(({ arguments: shown }) => shown).join("\n"),
      })
      pages = []
      sync = undefined
    }
  }
  return done
}

/** Into one of the two first pages. */
function isMeta({ name, arguments: shown }: SystemCall): boolean {
  return name === "pwrite64" && /, (40|4136)$/.test(shown)
}
