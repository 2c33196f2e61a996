// A terminal that a test looks into: what was written, and what the environment and stdin hold.
import type { Terminal } from "../../src/cli/terminal.ts"

export interface ScriptedTerminal extends Terminal {
  readonly written: string[]
  readonly notes: string[]
  /** Every line that a progress bar was replaced with. */
  readonly bars: string[]
  /** As Ctrl-C does. */
  interrupt(): void
}

/** What differs from nobody in front of it: no terminal at either end. */
export type Differences = Partial<Pick<Terminal, "shown" | "watched" | "colours" | "noteColours" | "columns" | "monotonicMs" | "out">>

export function scriptedTerminal(variables: Readonly<Record<string, string>> = {}, input = "", differences: Differences = {}): ScriptedTerminal {
  const written: string[] = []
  const notes: string[] = []
  const bars: string[] = []
  const interruption = new AbortController()
  return {
    written,
    notes,
    bars,
    interrupt: () => interruption.abort(),
    out: async (text) => void written.push(text),
    note: (line) => void notes.push(line),
    progress: (line) => void bars.push(line),
    columns: 100,
    shown: false,
    watched: false,
    colours: false,
    noteColours: false,
    variable: (name) => variables[name],
    input: async function* () {
      yield new TextEncoder().encode(input)
    },
    interrupted: () => interruption.signal,
    monotonicMs: () => performance.now(),
    ...differences,
  }
}
