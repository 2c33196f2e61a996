// Real input: fourteen years of edits of the United States Congress roster, imported into a pair of executables while its
// nodes are killed, then compared with what is known of it. The data lies beside the repository; CI has it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { keyOf } from "../../src/cli/import-lines.ts"
import { changesOf, historyFile, historyTexts, type HistoryLine, isCongressHere, readExpected, rosterFile, stateOf, valueAt } from "./congress.ts"
import { freshExecutable } from "./fresh-executable.ts"
import { RealCommand, runCommand } from "./real-command.ts"
import type { RealNode } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"

if (!isCongressHere) {
  test("there is no data of the Congress beside the repository, so nothing is imported", () => {
    console.log("congress.test.ts: no data here")
  })
} else {
  const expected = readExpected()
  const { lines } = expected.history
  /** `collection.define` is version 1. */
  const versionOf = (line: number) => line + 1
  const newest = versionOf(lines)
  const texts = historyTexts()
  const history = texts.map((text) => JSON.parse(text) as HistoryLine)
  const define = { op: "collection.define", data: { name: "legislators" } }

  const importInto = (node: RealNode, parameters: readonly string[]) => new RealCommand(["import", ...parameters], { environment: clientOf(node) })
  const runImport = async (node: RealNode, ...parameters: string[]) => runCommand(["import", ...parameters, "--json"], { environment: clientOf(node) })

  const everyCheckpoint = (pair: () => RealPair) => {
    test.each(["primary", "replica"] as const)("every checkpoint reads as of its version on the %s (P7)", async (role) => {
      const node = role === "primary" ? pair().a : pair().b
      for (const { line, people, sha256 } of expected.checkpoints) {
        expect({ line, ...(await stateOf(node, `at=${versionOf(line)}`)) }).toEqual({ line, people, sha256 })
      }
    })
  }

  const everyRecordOnce = (pair: () => RealPair) => {
    test("nothing is missing and nothing is there twice: one version for every line, on both nodes (P1, I8)", async () => {
      for (const node of pair().nodes) {
        const records = await recordsOf(node)
        expect(records.map(({ version }) => version)).toEqual(Array.from({ length: newest }, (_, n) => n + 1))
        expect(records.slice(1).map(({ note, operations }) => [note, operations])).toEqual(
          history.map(({ note, operations }) => [note, operations.map(({ op, data }) => `${op} ${data.id}`)]),
        )
        const byKind = Map.groupBy(records.slice(1).flatMap(({ operations }) => operations), (operation) => operation.split(" ")[0] ?? "")
        expect(Object.fromEntries([...byKind].map(([kind, all]) => [kind, all.length]))).toEqual(expected.history.by_kind)
        expect(new Set(records.map(({ key }) => key)).size).toBe(newest)
      }
    })
  }

  describe("the history of the Congress, imported while nodes are killed", () => {
    let pair: RealPair
    let parts = 0

    beforeAll(async () => {
      freshExecutable()
      pair = await (await RealPair.make({ primary: "executable", replica: "executable" })).start()
      pair.supervise()
      expect((await pair.a.do(define)).status).toBe(200)
    })
    afterAll(() => pair.remove())

    test("is imported to its end, however often the import has to be started again", async () => {
      const kills = [
        { victim: pair.a, atVersion: 80 },
        { victim: pair.b, atVersion: 240 },
        { victim: pair.a, atVersion: 400 },
      ]
      let importing = importInto(pair.a, [historyFile, "--json"])
      parts = 1
      for (const { victim, atVersion } of kills) {
        await until(`version ${atVersion} is reached`, async () => (await committedOf(pair.a)) >= atVersion, () => importing.printed + pair.printed)
        victim.kill("SIGKILL")
        const { signal } = await victim.ended
        expect(signal).toBe("SIGKILL")
        await pair.inSync()
        expect(await committedOf(pair.a)).toBeLessThan(newest)
      }
      for (let { code } = await importing.ended; code === 75; { code } = await importing.ended) {
        importing = importInto(pair.a, [historyFile, "--json"])
        parts += 1
      }
      expect([(await importing.ended).code, importing.err]).toEqual([0, expect.any(String)])
      expect(JSON.parse(importing.out)).toMatchObject({ lines, version: newest })
      await pair.inSync()
      expect([pair.a.starts, pair.b.starts].every((starts) => starts > 1)).toBe(true)
    })

    test("ends in the state that is known, on both nodes", async () => {
      for (const node of pair.nodes) expect(await stateOf(node)).toEqual(expected.final)
    })

    everyRecordOnce(() => pair)
    everyCheckpoint(() => pair)

    test("has equal digests on both nodes and no problems (I4)", async () => {
      const [a, b] = await reportsOf(pair)
      expect(a).toEqual(b)
      // Every operation wrote a row; the newest of each id is no superseded one, nor is the definition's.
      const superseded = expected.history.operations - expected.history.distinct_ids
      expect(a).toMatchObject({ version: newest, problems: [], counts: { records: newest, entities: expected.final.people + 1, superseded } })
    })

    test("imported a second time changes nothing (I8)", async () => {
      const before = await reportsOf(pair)
      const { code, out } = await runImport(pair.a, historyFile)
      expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ lines, already: lines, version: newest })])
      expect(await reportsOf(pair)).toEqual(before)
    })

    test("imported a second time with its times is refused: its records have others", async () => {
      const { code, err } = await runImport(pair.a, historyFile, "--keep-times")
      expect([code, err]).toEqual([1, expect.stringMatching(/Line 1: .*key-reused.*--keep-times/)])
      expect(await committedOf(pair.a)).toBe(newest)
    })

    test("takes no more memory to import when it is eight times as long", async () => {
      // Lines with keys of their own, so that the node has seen all of them and only the import has work to do.
      const keyed = texts.map((text, n) => `${JSON.stringify({ ...JSON.parse(text), key: keyOf({ number: n + 1, text }) })}\n`)
      const bytes = keyed.reduce((sum, line) => sum + Buffer.byteLength(line), 0)
      const once = await peakOf(importInto(pair.a, ["-"]), keyed, 1)
      const eightTimes = await peakOf(importInto(pair.a, ["-"]), keyed, 8)
      const shown = [bytes, once, 8 * bytes, eightTimes].map((count) => Math.round(count / 1024 / 1024))
      console.log(`import: ${shown[0]} MiB of lines took ${shown[1]} MiB of memory, ${shown[2]} MiB of lines ${shown[3]} MiB`)
      // There are seven times the bytes more to read; the rest of the difference is when the garbage is collected.
      expect(eightTimes - once).toBeLessThan(5 * bytes)
      expect(await committedOf(pair.a)).toBe(newest)
    })
  })

  describe("the history of the Congress, imported with its times", () => {
    let pair: RealPair
    const firstAt = history[0]?.at ?? ""

    beforeAll(async () => {
      freshExecutable()
      pair = await (await RealPair.make({ primary: "executable", replica: "executable" })).start()
      const first = importInto(pair.a, ["--keep-times"])
      await first.give(JSON.stringify({ at: firstAt, operations: [define] }))
      first.endInput()
      expect([(await first.ended).code, first.err]).toEqual([0, ""])
      const { code, out, err } = await runImport(pair.a, historyFile, "--keep-times")
      expect([code, err]).toEqual([0, ""])
      expect(JSON.parse(out)).toMatchObject({ lines, already: 0, version: newest })
    })
    afterAll(() => pair.remove())

    everyRecordOnce(() => pair)
    everyCheckpoint(() => pair)

    test.each(["primary", "replica"] as const)("every checkpoint reads as of its time on the %s (P7)", async (role) => {
      const node = role === "primary" ? pair.a : pair.b
      for (const { line, at, people, sha256, last_line_at_this_time: isLast } of expected.checkpoints) {
        const lastLine = history.findLastIndex((one) => one.at === at) + 1
        expect(lastLine === line).toBe(isLast)
        // Where more lines share its time, the read shows what the last of them left.
        const then = isLast ? { people, sha256 } : await stateOf(node, `at=${versionOf(lastLine)}`)
        expect({ at, ...(await stateOf(node, `atTime=${at}`)) }).toEqual({ at, ...then })
      }
    })

    test("before its first time there is nobody, and from its last time on everybody", async () => {
      for (const node of pair.nodes) {
        expect((await node.fetch(`/legislators?atTime=${new Date(Date.parse(firstAt) - 1).toISOString()}`)).status).toBe(404)
        expect(await stateOf(node, `atTime=${new Date().toISOString()}`)).toEqual(expected.final)
      }
    })

    test.each(expected.samples.map((sample) => [sample.id, sample] as const))("the history of %s is the one that is known, on both nodes", async (id, sample) => {
      const wanted = sample.lines.map((line, n) => ({ version: versionOf(line), op: sample.operations[n] ?? "", time: timeOf(history[line - 1]) }))
      for (const node of pair.nodes) {
        const changes = await changesOf(node, id)
        expect(changes.map(({ version, op, time }) => ({ version, op, time }))).toEqual(wanted)
        for (const { line, pointer, value, exists } of sample.reads) {
          const answer = await node.fetch(`/legislators/${id}?at=${versionOf(line)}`)
          const document: unknown = await answer.json()
          if (exists === false) expect([line, answer.status]).toEqual([line, 404])
          else expect([line, valueAt(document, `/value${pointer ?? ""}`)]).toEqual([line, value])
        }
      }
    })

    test("who left and came back was created again, and the past shows both", async () => {
      let createdAgain = 0
      for (const id of expected.history.ids_created_again) {
        const changes = await changesOf(pair.a, id)
        expect(await changesOf(pair.b, id)).toEqual(changes)
        const kinds = changes.map(({ change }) => change)
        const again = changes.filter(({ change }, n) => change === "created" && n > 0)
        createdAgain += again.length
        expect([id, kinds[0], kinds.indexOf("deleted") < kinds.lastIndexOf("created")]).toEqual([id, "created", true])
        for (const { version } of again) {
          expect((await pair.b.fetch(`/legislators/${id}?at=${version - 1}`)).status).toBe(404)
          expect(await pair.b.json(`/legislators/${id}?at=${version}`)).toMatchObject({ version, createdVersion: version })
        }
      }
      expect(createdAgain).toBe(expected.history.creates_of_an_earlier_deleted_id)
    })

    test("its newest roster, imported as documents, is the state it ends in", async () => {
      expect((await pair.a.do({ op: "collection.define", data: { name: "roster" } })).status).toBe(200)
      const count = expected.files["roster.jsonl.gz"]?.lines
      const first = await runImport(pair.a, rosterFile, "--collection", "roster")
      expect([first.code, JSON.parse(first.out)]).toEqual([0, expect.objectContaining({ lines: count, already: 0 })])
      const again = await runImport(pair.a, rosterFile, "--collection", "roster")
      expect([again.code, JSON.parse(again.out)]).toEqual([0, expect.objectContaining({ lines: count, already: count })])
      for (const node of pair.nodes) expect(await stateOf(node, `at=${newest + 1 + (count ?? 0)}`, "roster")).toEqual(expected.final)
    })
  })
}

function clientOf(node: RealNode): Readonly<Record<string, string>> {
  return { TANDEM_URL: node.url, TANDEM_TOKEN: node.rootKey }
}

/** What it has committed; 0 while it does not answer. */
async function committedOf(node: RealNode): Promise<number> {
  try {
    return ((await node.json("/status")) as { committed: number }).committed
  } catch {
    return 0
  }
}

/** What `tandem verify` says of both. */
async function reportsOf(pair: RealPair): Promise<unknown[]> {
  const reports: unknown[] = []
  for (const node of pair.nodes) {
    const { code, out, err } = await runCommand(["verify", "--url", node.url, "--json"], { environment: clientOf(node) })
    expect([code, err]).toEqual([0, ""])
    reports.push(JSON.parse(out))
  }
  return reports
}

interface LogRecord {
  readonly version: number
  readonly note: string | null
  readonly key: string | null
  /** The operation's name and the id it was about. */
  readonly operations: readonly string[]
}

async function recordsOf(node: RealNode): Promise<readonly LogRecord[]> {
  interface Page {
    readonly items: readonly { readonly version: number; readonly note: string | null; readonly key: string | null; readonly operations: HistoryLine["operations"] }[]
    readonly next: number | null
  }
  const records: LogRecord[] = []
  for (let from: number | null = 1; from !== null; ) {
    const page = (await node.json(`/log?from=${from}&limit=100`)) as Page
    for (const { version, note, key, operations } of page.items) {
      records.push({ version, note, key, operations: operations.map(({ op, data }) => `${op} ${data.id}`) })
    }
    from = page.next
  }
  return records
}

/** Gives it the lines so many times over; the most memory of its own that was seen. */
async function peakOf(importing: RealCommand, lines: readonly string[], times: number): Promise<number> {
  let peak = 0
  for (let n = 0; n < times * lines.length; n += 1) {
    await importing.give(lines[n % lines.length] ?? "")
    peak = Math.max(peak, importing.anonymousBytes())
  }
  importing.endInput()
  expect([(await importing.ended).code, importing.err]).toEqual([0, ""])
  return peak
}

function timeOf(line: HistoryLine | undefined): string {
  return new Date(line?.at ?? "").toISOString()
}
