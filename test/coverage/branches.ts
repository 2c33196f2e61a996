// Which branches of src/protocol its tests and simulated seeds reach, as V8 counts them: Bun counts lines only, so both are run under Deno.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"

const here = import.meta.dirname
const deno = join(here, "../../node_modules/.bin/deno")

export interface Branch {
  /** In src/protocol. */
  readonly file: string
  /** The line on which it begins. */
  readonly text: string
}

export interface Coverage {
  readonly branches: number
  /** Arms that the compiler knows to be impossible are not among them. */
  readonly unreached: readonly Branch[]
}

export function coverage(seeds: number): Coverage {
  const directory = mkdtempSync(join(tmpdir(), "tandem-coverage-"))
  try {
    run(["run", "-A", "--no-prompt", `--coverage=${directory}`, `--import-map=${join(here, "import-map.json")}`, join(here, "reach.ts"), String(seeds)])
    return branchesOf(run(["coverage", "--lcov", "--include=src/protocol", directory]))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function run(parameters: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(deno, parameters, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
  if (status !== 0) throw new Error(`deno ${parameters[0]}: ${error?.message ?? stderr}`)
  return stdout
}

/** Of lcov's lines SF names a file, and BRDA gives a branch: its line, block, number, and how often it was taken. */
function branchesOf(lcov: string): Coverage {
  let branches = 0
  let file = ""
  let lines: readonly string[] = []
  const unreached: Branch[] = []
  for (const entry of lcov.split("\n")) {
    if (entry.startsWith("SF:")) {
      file = basename(entry)
      lines = readFileSync(entry.slice(3), "utf8").split("\n")
    }
    if (!entry.startsWith("BRDA:")) continue
    const [line = "", , , taken] = entry.slice(5).split(",")
    const [text = "", next = ""] = lines.slice(Number(line) - 1)
    if (next.includes("satisfies never")) continue
    branches++
    if (taken === "0" || taken === "-") unreached.push({ file, text: text.trim() })
  }
  return { branches, unreached }
}
