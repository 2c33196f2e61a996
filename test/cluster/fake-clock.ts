// A wall clock for one process that a test sets while it runs, by libfaketime's hand: only what says what time it is jumps, as when an
// operator or a time server sets a machine's clock. The monotonic clock goes on.
import { spawnSync } from "node:child_process"
import { renameSync, writeFileSync } from "node:fs"

/** As the dynamic linker wants it: that of the machine's own directory. Undefined where the package `faketime` is not installed. */
const library = spawnSync("faketime", ["-m", "-f", "+0", "printenv", "LD_PRELOAD"], { encoding: "utf8" }).stdout?.trim()

/** Where it is missing, the tests that need it are left out and counted as such. CI must have it. */
export const isFaketimeHere = process.env["CI"] !== undefined || (library !== undefined && library !== "")

export class FakeClock {
  readonly #file: string

  /** Right at first. The file is this clock's own. */
  constructor(file: string) {
    this.#file = file
    this.set(0)
  }

  /** What the process must be started with. */
  get environment(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: library ?? "",
      FAKETIME_TIMESTAMP_FILE: this.#file,
      // Looked at each time somebody asks what time it is, so that from `set` on nobody is told anything else.
      FAKETIME_NO_CACHE: "1",
      // By both names that the library has had for it.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      DONT_FAKE_MONOTONIC: "1",
    }
  }

  /** From now on it is so much ahead of the machine's; behind, where that is negative. */
  set(aheadS: number): void {
    // In one step: whoever reads half of it would live in another time.
    writeFileSync(`${this.#file}.next`, `${aheadS < 0 ? "" : "+"}${aheadS}s\n`)
    renameSync(`${this.#file}.next`, this.#file)
  }
}
