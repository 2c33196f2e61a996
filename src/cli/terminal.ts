// The world around a command: its streams, the environment, the clock. Commands get it passed in, so tests give them another.
import { createReadStream } from "node:fs"
import { monotonicMs } from "../runtime/clock.ts"
import { environmentVariable } from "../runtime/environment.ts"
import { outputTo } from "./output.ts"

export interface Terminal {
  /** Results; writes them as they are. Resolves when the next may follow; throws ReaderGone where nobody reads them. */
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
  /** Results may be coloured. */
  readonly colours: boolean
  /** Messages may be coloured. */
  readonly noteColours: boolean
  variable(name: string): string | undefined
  input(): AsyncIterable<Uint8Array>
  /** Aborted at Ctrl-C, once somebody asked for it; a second Ctrl-C then ends the process as usual. */
  interrupted(): AbortSignal
  monotonicMs(): number
}

/** For what goes on whether or not anybody reads what it says. */
export function whoeverReads(terminal: Terminal): Terminal {
  return { ...terminal, out: (text) => terminal.out(text).catch(() => undefined) }
}

const eraseLine = "\r\u001b[2K"

export function systemTerminal(): Terminal {
  const { stdout, stderr } = process
  const shown = stdout.isTTY === true
  const watched = stderr.isTTY === true
  const paintable = (environmentVariable("NO_COLOR") ?? "") === "" && environmentVariable("TERM") !== "dumb"
  const write = outputTo(1)
  // Who does not want messages gets none.
  stderr.on("error", () => undefined)
  let bar = ""
  /** What is printed next begins where the bar was. */
  const withoutBar = (text: string) => {
    if (bar !== "") stderr.write(eraseLine)
    bar = ""
    return text
  }
  return {
    out: (text) => write(shown ? withoutBar(text) : text),
    note: (line) => void stderr.write(withoutBar(`${line}\n`)),
    progress: (line) => {
      bar = line
      stderr.write(`${eraseLine}${line}`)
    },
    get columns() {
      return stdout.columns ?? stderr.columns ?? 100
    },
    shown,
    watched,
    colours: shown && paintable,
    noteColours: watched && paintable,
    variable: environmentVariable,
    input: () => createReadStream("", { fd: 0, autoClose: false }),
    interrupted: () => {
      const controller = new AbortController()
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => controller.abort())
      return controller.signal
    },
    monotonicMs,
  }
}
