// dist/tandem, built first where it is missing or older than what it is made of.
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const repository = fileURLToPath(new URL("../..", import.meta.url))

/** Its path. */
export function freshExecutable(): string {
  const executable = join(repository, "dist/tandem")
  if (existsSync(executable) && statSync(executable).mtimeMs > newestSourceMs()) return executable
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(repository, ".ci/build.ts")], { cwd: repository, encoding: "utf8" })
  if (status !== 0) throw new Error(`the executable cannot be built:\n${stdout}${stderr}`)
  return executable
}

function newestSourceMs(): number {
  const sources = readdirSync(join(repository, "src"), { recursive: true, encoding: "utf8" }).map((name) => join("src", name))
  const all = [...sources, "server.ts", "tsconfig.json", "package-lock.json", ".ci/build.ts"]
  return Math.max(...all.map((path) => statSync(join(repository, path)).mtimeMs))
}
