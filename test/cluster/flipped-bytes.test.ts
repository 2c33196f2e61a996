// Fault 15 with real processes: a byte of a running node's data file is another. The node stops with 65 and names the entry rather than
// serve it, also where that happens among many reads; the other node goes on as it may, and `tandem verify` names the entry as well.
import { spawn } from "node:child_process"
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { copyFileSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "../../src/runtime/exit.ts"
import type { TableName } from "../../src/store/tables.ts"
import { flip, type StoredEntry, storedEntries } from "../store/flipped-file.ts"
import { commandOf, type Program, type RealNode } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"
import { sameDigests } from "./witness.ts"

const users = ["ada", "bob", "eve"] as const

describe.each(["bun", "deno"] as const)("a byte of the data of a node under %s that is another", (program) => {
  let pair: RealPair
  beforeAll(async () => {
    pair = await RealPair.make({ primary: program, replica: program })
    await pair.start()
    await pair.a.do({ op: "collection.define", data: { name: "notes" } })
    for (const id of users) await pair.a.do({ op: "user.create", data: { id, email: `${id}@example.com` } })
    for (const title of ["one", "two"]) await pair.a.do({ op: "document.put", data: { collection: "notes", id: "n", value: { title } } })
  })
  afterAll(() => pair.remove())

  const reads: readonly (readonly [TableName, string, RegExp, string])[] = [
    ["rows", "users\0ada\0", /the newest row of users\/ada is damaged/, "/users/ada"],
    ["history", "notes\0n\0", /the row of notes\/n of version \d+ is damaged/, "/notes/n/history"],
    ["index", "users\0email\x000bob@example.com\0", /the index entry users email 0bob@example.com is damaged/, "/users?email=bob@example.com"],
  ]
  test.each(reads)("in %s: neither node serves it; both stop and name it (P6)", async (table, start, named, path) => {
    for (const node of pair.nodes) {
      await pair.start()
      await flushed(pair)
      const file = join(node.data, "data.mdb")
      const entry = await entryOf(pair, node, table, start)
      const at = entry.key.length + 2
      expect((await node.fetch(path)).status).toBe(200)
      expect(flip(file, entry, at)).toBeGreaterThan(0)
      const answer = await node.fetch(path).then((response) => response.status, () => "cut off")
      expect([500, "cut off"]).toContain(answer)
      expect(await node.ended).toEqual({ code: exitCodes.damaged, signal: null })
      expect(node.printed).toMatch(named)
      expect(node.printed).toContain("The node has stopped rather than serve it")
      const verified = await run(program, ["verify", "--data", node.data])
      expect([verified.code, verified.printed]).toEqual([exitCodes.damaged, expect.stringMatching(new RegExp(named.source.replace(" is damaged", "")))])
      // Turned back: as it was.
      expect(flip(file, flippedBack(entry, at), at)).toBeGreaterThan(0)
      await pair.start()
      expect((await node.fetch(path)).status).toBe(200)
    }
  })
})

describe("a byte that changes under a node at work", () => {
  const value = (text: string): object => ({ text, n: 1 })
  /** One beside other entries, one on pages of its own. */
  const documents = { small: value("few words"), large: value("many words ".repeat(20_000)) } as const

  async function withDocuments(run: (pair: RealPair) => Promise<void>): Promise<void> {
    const pair = await RealPair.make({ flags: ["--peer-timeout", "2s"] })
    try {
      await pair.start()
      await pair.a.do({ op: "collection.define", data: { name: "notes" } })
      for (const [id, value] of Object.entries(documents)) expect((await pair.a.do({ op: "document.put", data: { collection: "notes", id, value } })).status).toBe(200)
      await flushed(pair)
      await run(pair)
    } finally {
      await pair.remove()
    }
  }

  /** In the middle of its text. The entry as it was; turning it back makes it that again. */
  async function damage(pair: RealPair, node: RealNode, id: string): Promise<{ readonly turnBack: () => void }> {
    const { value } = await entryOf(pair, node, "rows", `notes\0${id}\0`)
    const file = join(node.data, "data.mdb")
    // A large one is not beside its key.
    const entry = { key: Buffer.alloc(0), value }
    const at = value.indexOf("words") + 1
    expect(flip(file, entry, at)).toBeGreaterThan(0)
    return { turnBack: () => expect(flip(file, flippedBack(entry, at), at)).toBeGreaterThan(0) }
  }

  const places = (["a", "b"] as const).flatMap((name) => (["small", "large"] as const).map((id) => [name, id] as const))

  test.each(places)("node %s, in a %s document, is in no answer: each is what it was, or none (P6)", async (name, id) => {
    await withDocuments(async (pair) => {
      const victim = pair[name]
      const paths = [`/notes/${id}`, "/notes", `/notes/${id}/history`]
      const right = await Promise.all(paths.map(async (path) => (await victim.fetch(path)).text()))
      let answers = 0
      const wrong: string[] = []
      const readers = paths.flatMap((path, n) => [1, 2].map(async () => {
        while (victim.running && wrong.length === 0) {
          const answer = await victim.ask(path)
          if (answer?.status === 200) answers++
          if (answer?.status === 200 && answer.text !== right[n]) wrong.push(`${path}: ${answer.text.slice(0, 200)}`)
          // Not there any more, or the next turn of somebody who noticed the end of it.
          if (answer !== undefined && ![200, 500, 503].includes(answer.status)) wrong.push(`${path}: ${answer.status} ${answer.text}`)
        }
      }))
      await until("they read", () => answers > 20)
      const { turnBack } = await damage(pair, victim, id)
      await Promise.all(readers)
      expect(wrong).toEqual([])
      expect(await victim.ended).toEqual({ code: exitCodes.damaged, signal: null })
      expect(victim.printed).toContain(`the newest row of notes/${id} is damaged`)
      const verified = await run("bun", ["verify", "--data", victim.data])
      expect([verified.code, verified.printed]).toEqual([exitCodes.damaged, expect.stringContaining(`the newest row of notes/${id}`)])
      turnBack()
      await pair.start()
      expect(await (await victim.fetch(`/notes/${id}`)).text()).toBe(right[0] ?? "")
    })
  })

  test.each(places)("node %s, in a %s document, is in no write that begins with it, and nobody is told of one (P1, P3)", async (name, id) => {
    await withDocuments(async (pair) => {
      const victim = pair[name]
      const { turnBack } = await damage(pair, victim, id)
      const increment = { op: "document.increment", data: { collection: "notes", id, field: "n", by: 1 } }
      const told = await pair.a.do(increment, "once").then(({ status, body }) => (status === 200 ? body : "not done"), () => "cut")
      expect(["not done", "cut"]).toContain(told as string)
      expect(await victim.ended).toEqual({ code: exitCodes.damaged, signal: null })
      expect(victim.printed).toContain(`the newest row of notes/${id} is damaged`)
      turnBack()
      for (const node of pair.nodes) {
        if (!node.running) node.start()
        node.supervise()
      }
      await pair.inSync()
      const { status, body } = await pair.a.do(increment, "once")
      expect(status).toBe(200)
      for (const node of pair.nodes) {
        const answer = await node.fetch(`/notes/${id}`, { headers: { "tandem-min-version": String(body["version"]) } })
        expect(await answer.json()).toMatchObject({ value: { ...documents[id], n: 2 } })
      }
      await sameDigests(pair)
    })
  })
})

/** Everything that is known is on the disk: nothing is written from here on. */
async function flushed(pair: RealPair): Promise<void> {
  const { status, body } = await pair.a.do({ op: "document.put", data: { collection: "notes", id: "other", value: { title: "x" } } })
  expect(status).toBe(200)
  for (const node of pair.nodes) expect((await node.fetch("/notes/other", { headers: { "tandem-min-version": String(body["version"]) } })).status).toBe(200)
}

async function entryOf(pair: RealPair, node: RealNode, table: TableName, start: string): Promise<StoredEntry> {
  const place = join(pair.directory, `looked-at-${node.starts}-${table}-${node === pair.a ? "a" : "b"}`)
  mkdirSync(place)
  copyFileSync(join(node.data, "data.mdb"), join(place, "data.mdb"))
  const entry = (await storedEntries(join(place, "data.mdb"), table)).find(({ key }) => key.toString("latin1").startsWith(start))
  if (entry === undefined) throw new Error(`there is no ${start}`)
  return entry
}

function flippedBack({ key, value }: StoredEntry, at: number): StoredEntry {
  const now = Buffer.concat([key, value])
  now[at] = (now[at] ?? 0) ^ 0x10
  return { key: now.subarray(0, key.length), value: now.subarray(key.length) }
}

function run(program: Program, parameters: readonly string[]): Promise<{ readonly code: number | null; readonly printed: string }> {
  const [command = "", ...rest] = [...commandOf(program), ...parameters]
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] })
  let printed = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (printed += chunk.toString()))
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, printed })))
}
