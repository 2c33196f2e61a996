// Faults 16 and 17: one process at a time on a data directory, and data files that are none. Under both runtimes.
import { createHash } from "node:crypto"
import { spawn } from "node:child_process"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { exitCodes } from "../../src/runtime/exit.ts"
import { FewWrites } from "./few-writes.ts"
import { commandOf, type Program, RealNode } from "./real-node.ts"
import { freePorts, pairSecret, RealPair } from "./real-pair.ts"
import { Witness } from "./witness.ts"

const runtimes: readonly Program[] = ["bun", "deno"]
const nodes: RealNode[] = []
let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "tandem-data-"))
  writeFileSync(join(directory, "secret"), pairSecret, { mode: 0o600 })
})

afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop("SIGKILL")
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function nodeOn(data: string, program: Program): Promise<RealNode> {
  const [port = 0, peerPort = 0, other = 0] = await freePorts(3)
  const node = RealNode.describedBy({ name: "a", role: "primary", program, data, secretFile: join(directory, "secret"), port, peerPort, peerUrl: `http://127.0.0.1:${other}` })
  nodes.push(node)
  return node
}

async function isUp(node: RealNode): Promise<void> {
  while (!node.printed.includes("listens on")) {
    if (!node.running) throw new Error(node.printed)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe.each(runtimes)("a data directory that a node under %s holds", (first) => {
  test.each(runtimes)("is refused to a second one under %s, which names the holder, and is free at once after kill -9", async (second) => {
    const data = join(directory, `${first}-${second}`)
    const holder = await nodeOn(data, first)
    holder.start()
    await isUp(holder)

    const late = await nodeOn(data, second)
    late.start()
    expect(await late.ended).toEqual({ code: exitCodes.locked, signal: null })
    expect(late.printed).toContain(`${data} is used by another process (${holder.pid})`)
    expect(holder.running).toBe(true)
    expect((await fetch(`${holder.url}/livez`)).status).toBe(200)

    expect(await holder.stop("SIGKILL")).toEqual({ code: null, signal: "SIGKILL" })
    late.start()
    await isUp(late)
    expect(await late.stop()).toEqual({ code: exitCodes.done, signal: null })
  })

  test("is refused to `tandem verify`", async () => {
    const data = join(directory, `${first}-verify`)
    const holder = await nodeOn(data, first)
    holder.start()
    await isUp(holder)
    for (const program of runtimes) {
      const { code, printed } = await run(program, ["verify", "--data", data])
      expect([code, printed]).toEqual([exitCodes.locked, expect.stringContaining(`${data} is in use`)])
    }
  })
})

describe("a data file that is damaged", () => {
  let sound: string

  beforeAll(async () => {
    const pair = await RealPair.make()
    await pair.start()
    const writes = new FewWrites(pair, new Witness())
    for (let n = 0; n < 40; n++) expect(await writes.next()).toBe("acknowledged")
    await pair.a.stop()
    sound = join(directory, "sound.mdb")
    copyFileSync(join(pair.a.data, "data.mdb"), sound)
    await pair.remove()
  })

  const pageBytes = 4_096
  const damages: readonly (readonly [what: string, damage: (path: string, bytes: Buffer) => void])[] = [
    ["empty", (path) => truncateSync(path, 0)],
    ["cut to one page", (path) => truncateSync(path, pageBytes)],
    ["cut to its two meta pages", (path) => truncateSync(path, 2 * pageBytes)],
    ["cut in half", (path, bytes) => truncateSync(path, Math.floor(bytes.length / 2 / pageBytes) * pageBytes)],
    ["cut in the middle of a page", (path, bytes) => truncateSync(path, Math.floor(bytes.length / 2) + 100)],
    ["zeroed", (path, bytes) => writeFileSync(path, Buffer.alloc(bytes.length))],
    ["4,096 zeros", (path) => writeFileSync(path, Buffer.alloc(pageBytes))],
    ["garbage", (path, bytes) => writeFileSync(path, garbage(bytes.length))],
    ["garbage in both meta pages", (path, bytes) => writeFileSync(path, Buffer.concat([garbage(2 * pageBytes), bytes.subarray(2 * pageBytes)]))],
    ["garbage after its meta pages", (path, bytes) => writeFileSync(path, Buffer.concat([bytes.subarray(0, 2 * pageBytes), garbage(bytes.length - 2 * pageBytes)]))],
    ["zeroed after its meta pages", (path, bytes) => writeFileSync(path, Buffer.concat([bytes.subarray(0, 2 * pageBytes), Buffer.alloc(bytes.length - 2 * pageBytes)]))],
    ["text", (path) => writeFileSync(path, "this is no data file\n".repeat(1_000))],
  ]

  describe.each(runtimes)("under %s", (program) => {
    test.each(damages)("%s: a clear message, the exit code, and the file untouched", async (what, damage) => {
      const data = join(directory, `damaged ${what} ${program}`)
      mkdirSync(data, { mode: 0o700 })
      const path = join(data, "data.mdb")
      copyFileSync(sound, path)
      damage(path, readFileSync(sound))
      const before = hashOf(path)

      const node = await nodeOn(data, program)
      node.start()
      const ending = await node.ended
      expect([what, node.printed, ending]).toEqual([what, expect.stringContaining(path), { code: exitCodes.damaged, signal: null }])
      expect(node.printed).toContain("Nothing was changed")
      const verified = await run(program, ["verify", "--data", data])
      expect([what, verified.printed, verified.code]).toEqual([what, expect.stringContaining(path), exitCodes.damaged])
      expect(hashOf(path)).toBe(before)
      expect(readdirSync(data).filter((name) => !["data.mdb", "data.mdb-lock", "lock"].includes(name))).toEqual([])
    })
  })

  test("is none where nothing was damaged", async () => {
    const data = join(directory, "undamaged")
    mkdirSync(data, { mode: 0o700 })
    copyFileSync(sound, join(data, "data.mdb"))
    for (const program of runtimes) expect((await run(program, ["verify", "--data", data])).code).toBe(exitCodes.done)
  })
})

function garbage(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let n = 0; n < length; n++) bytes[n] = (n * 2_654_435_761) >>> 13
  return bytes
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex")
}

function run(program: Program, parameters: readonly string[]): Promise<{ readonly code: number | null; readonly printed: string }> {
  const [command = "", ...given] = commandOf(program)
  const child = spawn(command, [...given, ...parameters], { stdio: ["ignore", "pipe", "pipe"] })
  let printed = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (printed += chunk.toString()))
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, printed })))
}
