// The check of a copy in a process of its own. What it finds in sound and in damaged copies: test/cluster/backup.test.ts.
import { expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"

test("a check that is killed before it says anything fails, and the error says how it ended", () => {
  const program = join(import.meta.dirname, "checking-process.ts")
  const { stdout, stderr } = spawnSync(process.execPath, [program, tmpdir()], { encoding: "utf8", timeout: 60_000 })
  expect([stdout, stderr]).toEqual(["Error: the copy is not sound: its check ended with null\n", ""])
})
