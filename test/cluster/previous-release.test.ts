// `npm run build:previous` in a clone that lacks what it needs: it says what that is, and not where in a file it was found.
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "bun:test"

const script = join(import.meta.dirname, "../../.ci/previous-release.ts")
const commit = "0123456789abcdef0123456789abcdef01234567"

test("a release whose commit is not in the clone is not built, and one sentence says why", () => {
  const clone = mkdtempSync(join(tmpdir(), "tandem-clone-"))
  try {
    expect(spawnSync("git", ["init", "--quiet", clone]).status).toBe(0)
    mkdirSync(join(clone, ".ci"))
    copyFileSync(script, join(clone, ".ci/previous-release.ts"))
    writeFileSync(join(clone, ".ci/previous-release.json"), JSON.stringify({ version: "0.1.9", commit }))
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(clone, ".ci/previous-release.ts")], { encoding: "utf8" })
    expect([status, stdout]).toEqual([1, ""])
    expect(stderr).toMatch(new RegExp(`^Release 0\\.1\\.9, the one before this, cannot be built: its commit, ${commit}, is not in this clone, and cannot be fetched \\(.*origin.*\\)\\. The tests of upgrades need it\\.\n$`))
  } finally {
    rmSync(clone, { recursive: true })
  }
})
