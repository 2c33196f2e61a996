// The README's commands, run as they stand against a pair that was started as it says, and what they print compared
// with what the README shows: `…` stands for anything.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { commandOf } from "./real-node.ts"
import { freePairPorts, until } from "./real-pair.ts"

const client = join(import.meta.dirname, "../../src/client/service.ts")
const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8")
const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text)
const place = mkdtempSync(join(tmpdir(), "tandem-readme-"))
let port = 0
let pair: ChildProcess | undefined
let said = ""

beforeAll(async () => {
  port = await freePairPorts()
  const [program = "", ...parameters] = commandOf("bun")
  pair = spawn(program, [...parameters, "dev", "--port", String(port)], { cwd: place, stdio: ["ignore", "pipe", "pipe"] })
  for (const stream of [pair.stdout, pair.stderr]) stream?.on("data", (chunk: Buffer) => (said += chunk.toString()))
  await until("the pair is ready", () => said.includes("The pair is ready"), () => said)
})

afterAll(async () => {
  const ended = new Promise((resolve) => pair?.once("exit", resolve))
  pair?.kill("SIGTERM")
  await ended
  rmSync(place, { recursive: true, force: true })
})

test("the README's commands print what the README shows", () => {
  expect(blocks.length).toBeGreaterThan(5)
  const script = atThisPair(blocks.join(""))
  // What stands between two expectations is what printed the second one.
  const marked = script.replace(/^# → .*$/gm, "echo @@@")
  const ran = spawnSync("bash", ["-euo", "pipefail", "-c", marked], { cwd: place, encoding: "utf8", timeout: 120_000 })
  expect([ran.stderr, ran.status]).toEqual(["", 0])
  const shown = [...script.matchAll(/^# → (.*)$/gm)].map(([, text = ""]) => text)
  const printed = ran.stdout.split("@@@").slice(0, -1)
  expect(printed).toHaveLength(shown.length)
  for (const [n, text] of shown.entries()) expect(withoutLineEnds(printed[n] ?? "")).toMatch(patternOf(text))
})

test("the README's code runs, and reads what was", () => {
  const code = /^```ts\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? ""
  const token = readFileSync(join(place, "data/a/root.key"), "utf8").trim()
  const program = atThisPair(code).replace(`"tandem/client"`, JSON.stringify(client)).replace(/^await (service\.at.*?)( \/\/.*)?$/m, "console.log(JSON.stringify((await $1).value))")
  const file = join(place, "readme.ts")
  writeFileSync(file, `const token = ${JSON.stringify(token)}\n${program}`)
  const ran = spawnSync(process.execPath, [file], { cwd: place, encoding: "utf8", timeout: 120_000 })
  expect([ran.stderr, ran.stdout]).toEqual(["", '{"title":"Read"}\n'])
})

test("the README and the documents it names stand alone", () => {
  for (const [, path = ""] of readme.matchAll(/\]\((docs\/[A-Z]+\.md)\)/g)) {
    expect(readFileSync(join(import.meta.dirname, "../..", path), "utf8").length).toBeGreaterThan(1_000)
  }
})

function atThisPair(text: string): string {
  return text.replaceAll("127.0.0.1:4000", `127.0.0.1:${port}`).replaceAll("127.0.0.1:4010", `127.0.0.1:${port + 10}`)
}

function withoutLineEnds(text: string): string {
  return text.replace(/[\r\n]+/g, " ").trim()
}

function patternOf(shown: string): RegExp {
  const parts = shown.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  return new RegExp(`^${parts.join(".*")}$`)
}
