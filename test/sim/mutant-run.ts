// Runs the simulator on a copy of the source in which one rule is broken.
import { spawn } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Edit, type Mutant, mutants, withoutAssertions } from "./mutants.ts"

export interface Found {
  readonly mutant: Mutant
  /** Undefined where every seed passed: the mutant survived. */
  readonly seed: number | undefined
  readonly check: string
  /** All that was printed. */
  readonly output: string
}

const root = join(import.meta.dirname, "..", "..")

export class BrokenCopy {
  readonly #directory = mkdtempSync(join(tmpdir(), "tandem-mutant-"))

  constructor({ edits }: Mutant) {
    for (const part of ["src", "test/sim", "test/operations", "test/cluster/recorded-runs.ts", "package.json", "tsconfig.json"]) cpSync(join(root, part), join(this.#directory, part), { recursive: true })
    symlinkSync(join(root, "node_modules"), join(this.#directory, "node_modules"))
    for (const edit of [withoutAssertions, ...edits]) this.#apply(edit)
  }

  #apply({ file, from, to }: Edit): void {
    const path = join(this.#directory, file)
    const parts = readFileSync(path, "utf8").split(from)
    if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, not once: ${from}`)
    writeFileSync(path, parts.join(to))
  }

  /** What `npm run sim` prints there, and whether it failed. */
  simulate(...flags: readonly string[]): Promise<{ readonly failed: boolean; readonly output: string }> {
    const child = spawn(process.execPath, ["test/sim/run.ts", ...flags], { cwd: this.#directory, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += String(text)))
    return new Promise((resolve, reject) => {
      child.on("error", reject)
      child.on("close", (code) => resolve({ failed: code !== 0, output }))
    })
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true })
  }
}

export async function runMutant(mutant: Mutant, seeds: number): Promise<Found> {
  const copy = new BrokenCopy(mutant)
  try {
    const { output } = await copy.simulate("--seeds", String(seeds), "--workers", "1")
    const [, seed, check = ""] = /^--seed (\d+) failed \(([^)]*)\)/m.exec(output) ?? []
    return { mutant, seed: seed === undefined ? undefined : Number(seed), check, output }
  } finally {
    copy.remove()
  }
}

/** All of them, `workers` at a time, in the order of the table. */
export async function runMutants(seeds: number, workers: number, found: (one: Found) => void = () => {}): Promise<Found[]> {
  const all: Found[] = []
  const left = [...mutants.entries()]
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [n, mutant] = next
      all[n] = await runMutant(mutant, seeds)
      found(all[n])
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  return all
}
