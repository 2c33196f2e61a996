// The world around a command: its streams, the environment, the clock. Commands get it passed in, so tests give them another.
import { createReadStream } from "node:fs"
import { monotonicMs } from "../runtime/clock.ts"
import { environmentVariable } from "../runtime/environment.ts"

export interface Terminal {
  /** Results; writes them as they are. Resolves when the next may follow. */
  out(text: string): Promise<void>
  /** Messages for the person in front of it; a line. */
  note(line: string): void
  /** Replaces the line that `progress` wrote last; only called when `watched`. */
  progress(line: string): void
  readonly columns: number
  /** Someone reads stdout: tables and colours instead of plain text. */
  readonly shown: boolean
  /** Someone watches stderr: progress bars. */
  readonly watched: boolean
  readonly colours: boolean
  variable(name: string): string | undefined
  input(): AsyncIterable<Uint8Array>
  monotonicMs(): number
}

export function systemTerminal(): Terminal {
  const { stdout, stderr } = process
  const shown = stdout.isTTY === true
  // A closed pipe (`tandem log | head`) is no error, but the end of interest.
  const closed = new Promise<void>((resolve) => stdout.once("error", () => resolve()))
  return {
    out: (text) => {
      if (stdout.destroyed || stdout.write(text)) return Promise.resolve()
      return Promise.race([closed, new Promise<void>((resolve) => stdout.once("drain", () => resolve()))])
    },
    note: (line) => void stderr.write(`${line}\n`),
    progress: (line) => void stderr.write(`\r\u001b[2K${line}`),
    columns: stdout.columns ?? stderr.columns ?? 100,
    shown,
    watched: stderr.isTTY === true,
    colours: shown && (environmentVariable("NO_COLOR") ?? "") === "" && environmentVariable("TERM") !== "dumb",
    variable: environmentVariable,
    input: () => createReadStream("", { fd: 0, autoClose: false }),
    monotonicMs,
  }
}
