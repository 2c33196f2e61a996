// The README's commands, run as they stand against a pair that was started as it says, and what they print compared
// with what the README shows.
import { afterAll, beforeAll, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { blocksOf, expectShown } from "./shown-commands.ts"
import { ShownPair } from "./shown-pair.ts"

const client = join(import.meta.dirname, "../../src/client/service.ts")
const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8")
let pair: ShownPair

beforeAll(async () => {
  pair = await ShownPair.start("bun")
})

afterAll(() => pair.remove())

test("the README's commands print what the README shows", async () => {
  const blocks = blocksOf(readme, "sh")
  expect(blocks.length).toBeGreaterThan(5)
  await expectShown(pair.at(blocks.join("")), pair.directory)
})

test("the README's code runs, and reads what was", () => {
  const [code = ""] = blocksOf(readme, "ts")
  const program = pair.at(code).replace(`"tandem/client"`, JSON.stringify(client)).replace(/^await (service\.at.*?)( \/\/.*)?$/m, "console.log(JSON.stringify((await $1).value))")
  const file = join(pair.directory, "readme.ts")
  writeFileSync(file, `const token = ${JSON.stringify(pair.rootKey)}\n${program}`)
  const ran = spawnSync(process.execPath, [file], { cwd: pair.directory, encoding: "utf8", timeout: 120_000 })
  expect([ran.stderr, ran.stdout]).toEqual(["", '{"title":"Read"}\n'])
})

test("the README and the documents it names stand alone", () => {
  for (const [, path = ""] of readme.matchAll(/\]\((docs\/[A-Z]+\.md)\)/g)) {
    expect(readFileSync(join(import.meta.dirname, "../..", path), "utf8").length).toBeGreaterThan(1_000)
  }
})
