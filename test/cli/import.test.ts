// `tandem import` against a server that takes lines as a node does: order, keys, cut connections, refusals, bounded memory.
import { afterEach, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { keyOf, sourceLines, streamLine } from "../../src/cli/import-lines.ts"
import { runCommandLine } from "../../src/cli/main.ts"
import { scriptedTerminal } from "./scripted-terminal.ts"

interface FakeNode {
  readonly url: string
  /** Operations by key, in the order they were taken. */
  readonly taken: Map<string, unknown>
  connections: number
}

const started: { stop(): void }[] = []
afterEach(() => {
  for (const one of started.splice(0)) one.stop()
})

/** Cuts a connection after `cutAfter` lines, the last of them answered or not, as often as it says; refuses a line that holds "bad". */
function fakeNode({ cutAfter = Number.POSITIVE_INFINITY, cuts = 0, answersLast = false } = {}): FakeNode {
  const node: { url: string; taken: Map<string, unknown>; connections: number } = { url: "", taken: new Map(), connections: 0 }
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request) => {
      node.connections += 1
      const isCut = node.connections <= cuts
      const answers = async function* () {
        let line = 0
        for await (const { text } of sourceLines(request.body ?? new ReadableStream<Uint8Array>())) {
          line += 1
          const body = JSON.parse(text) as { key: string; operations: unknown }
          if (text.includes('"bad"')) {
            yield `${JSON.stringify({ line, problem: { code: "invalid", status: 422, detail: "No good." } })}\n`
            return
          }
          const replayed = node.taken.has(body.key)
          if (!replayed) node.taken.set(body.key, body.operations)
          // Taken, but its answer is lost: what a crash between the two leaves.
          if (isCut && line === cutAfter && !answersLast) return
          yield `${JSON.stringify({ line, version: [...node.taken.keys()].indexOf(body.key) + 1, ...(replayed ? { replayed } : {}) })}\n`
          if (isCut && line === cutAfter) return
        }
      }
      return new Response(answers() as unknown as ReadableStream, { headers: { "content-type": "application/x-ndjson" } })
    },
  })
  started.push({ stop: () => void server.stop(true) })
  node.url = `http://127.0.0.1:${server.port}`
  return node
}

async function importText(node: FakeNode, text: string | Uint8Array, ...flags: string[]) {
  const directory = mkdtempSync(join(tmpdir(), "tandem-import-"))
  const file = join(directory, "lines")
  writeFileSync(file, text)
  const terminal = scriptedTerminal({ TANDEM_URL: node.url, TANDEM_TOKEN: "t" })
  try {
    const code = await runCommandLine(["import", file, "--json", ...flags], terminal)
    return { code, summary: terminal.written.length === 0 ? undefined : (JSON.parse(terminal.written.join("")) as object), notes: terminal.notes.join("\n") }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const transactions = (count: number) => Array.from({ length: count }, (_, n) => `${JSON.stringify({ operations: [{ op: "x", data: { n } }] })}\n`).join("")
const order = (node: FakeNode) => [...node.taken.values()].map((operations) => (operations as [{ data: { n: number } }])[0].data.n)

describe("import", () => {
  test("sends every line once and in order", async () => {
    const node = fakeNode()
    expect(await importText(node, transactions(3_000))).toMatchObject({ code: 0, summary: { lines: 3_000, already: 0, version: 3_000 } })
    expect(order(node)).toEqual(Array.from({ length: 3_000 }, (_, n) => n))
  })

  test("of the same file twice changes nothing and says so", async () => {
    const node = fakeNode()
    await importText(node, transactions(50))
    expect(await importText(node, transactions(50))).toMatchObject({ code: 0, summary: { lines: 50, already: 50 } })
    expect(node.taken.size).toBe(50)
  })

  test("goes on over a new connection from the first line without an answer", async () => {
    const node = fakeNode({ cutAfter: 100, cuts: 3 })
    expect(await importText(node, transactions(1_000))).toMatchObject({ code: 0, summary: { lines: 1_000, already: 3 } })
    expect(order(node)).toEqual(Array.from({ length: 1_000 }, (_, n) => n))
    expect(node.connections).toBe(4)
  })

  test.each([false, true])("goes on from there too when the connection is cut while it waits for more to read; the last line answered: %p", async (answersLast) => {
    const node = fakeNode({ cutAfter: 3, cuts: 1, answersLast })
    const [first, rest] = [transactions(3), transactions(200).split("\n").slice(3).join("\n")]
    const input = async function* () {
      yield new TextEncoder().encode(first)
      while (node.connections < 2) await new Promise((resolve) => setTimeout(resolve, 1))
      yield new TextEncoder().encode(rest)
    }
    const terminal = { ...scriptedTerminal({ TANDEM_URL: node.url, TANDEM_TOKEN: "t" }), input }
    expect(await runCommandLine(["import", "--json"], terminal)).toBe(0)
    expect(order(node)).toEqual(Array.from({ length: 200 }, (_, n) => n))
    expect(JSON.parse(terminal.written.join(""))).toMatchObject({ lines: 200, already: answersLast ? 0 : 1, version: 200 })
  })

  test("stops where the node answers another line than the next one", async () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: async (request) => (await request.text(), new Response('{"line":1,"version":1}\n{"line":3,"version":2}\n')) })
    started.push({ stop: () => void server.stop(true) })
    const { code, notes } = await importText({ url: `http://127.0.0.1:${server.port}`, taken: new Map(), connections: 0 }, transactions(3))
    expect(code).toBe(1)
    expect(notes).toContain("line 3")
  })

  test("without retries ends with 75 on a cut connection and says that it can be run again", async () => {
    const node = fakeNode({ cutAfter: 10, cuts: 1 })
    const { code, notes } = await importText(node, transactions(20), "--retry", "0s")
    expect(code).toBe(75)
    expect(notes).toContain("Run it again")
    expect(await importText(node, transactions(20))).toMatchObject({ code: 0, summary: { lines: 20, already: 10 } })
  })

  test("names the line that is refused, counting empty lines, and imports what comes before it", async () => {
    const node = fakeNode()
    const { code, notes } = await importText(node, `${transactions(2)}\n\n{"operations":["bad"]}\n${transactions(1)}`)
    expect(code).toBe(1)
    expect(notes).toContain("Line 5: No good.")
    expect(node.taken.size).toBe(2)
  })

  test("names a line that is no JSON, after what comes before it", async () => {
    const node = fakeNode()
    const { code, notes } = await importText(node, `${transactions(3)}{oops\n`)
    expect(code).toBe(1)
    expect(notes).toContain("Line 4 is not JSON")
    expect(node.taken.size).toBe(3)
  })

  test("reads gzip", async () => {
    const node = fakeNode()
    expect(await importText(node, gzipSync(transactions(500)))).toMatchObject({ code: 0, summary: { lines: 500 } })
  })

  test("says that a gzip file is cut short", async () => {
    const packed = gzipSync(transactions(500))
    const { code, notes } = await importText(fakeNode(), packed.subarray(0, packed.length - 20))
    expect(code).toBe(1)
    expect(notes).toContain("gzip file is damaged")
  })

  test("of an empty file is done at once", async () => {
    expect(await importText(fakeNode(), "")).toMatchObject({ code: 0, summary: { lines: 0 } })
  })
})

describe("a line to import", () => {
  const line = (value: unknown, number = 1) => ({ number, text: JSON.stringify(value) })

  test("gets a key from its number and content", () => {
    expect(keyOf(line({ a: 1 }))).toMatch(/^import-[0-9a-f]{32}$/)
    expect(keyOf(line({ a: 1 }))).not.toBe(keyOf(line({ a: 1 }, 2)))
    expect(keyOf(line({ a: 1 }))).not.toBe(keyOf(line({ a: 2 })))
  })

  test("keeps a key of its own", () => {
    expect(JSON.parse(streamLine(line({ operations: [], key: "mine" })))).toEqual({ operations: [], key: "mine" })
  })

  test("sends its time only where times are kept", () => {
    const sent = (keepTimes: boolean) => JSON.parse(streamLine(line({ at: "2012-09-28T00:43:45Z", operations: [], key: "k" }), { keepTimes })) as object
    expect(sent(false)).toEqual({ operations: [], key: "k" })
    expect(sent(true)).toEqual({ operations: [], key: "k", at: "2012-09-28T00:43:45Z" })
  })

  test("with a collection is a document to put where it has an id, else to create", () => {
    const operation = (value: unknown) => (JSON.parse(streamLine(line(value), { collection: "goals" })) as { operations: unknown[] }).operations[0]
    expect(operation({ id: "1", value: { t: 1 }, version: 3 })).toEqual({ op: "document.put", data: { collection: "goals", id: "1", value: { t: 1 } } })
    expect(operation({ id: "1", t: 1 })).toEqual({ op: "document.put", data: { collection: "goals", id: "1", value: { id: "1", t: 1 } } })
    expect(operation({ t: 1 })).toEqual({ op: "document.create", data: { collection: "goals", value: { t: 1 } } })
  })

  test("is whole however its bytes are cut", async () => {
    const bytes = new TextEncoder().encode('{"a":"ü€😀"}\n{"b":2}')
    const cut = async function* () {
      for (const byte of bytes) yield Uint8Array.of(byte)
    }
    const lines: string[] = []
    for await (const { text } of sourceLines(cut())) lines.push(text)
    expect(lines).toEqual(['{"a":"ü€😀"}', '{"b":2}'])
  })
})
