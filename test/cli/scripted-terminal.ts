// A terminal that a test looks into: what was written, and what the environment and stdin hold.
import type { Terminal } from "../../src/cli/terminal.ts"

export interface ScriptedTerminal extends Terminal {
  readonly written: string[]
  readonly notes: string[]
}

export function scriptedTerminal(variables: Readonly<Record<string, string>> = {}, input = ""): ScriptedTerminal {
  const written: string[] = []
  const notes: string[] = []
  return {
    written,
    notes,
    out: async (text) => void written.push(text),
    note: (line) => void notes.push(line),
    progress: () => undefined,
    columns: 100,
    shown: false,
    watched: false,
    colours: false,
    variable: (name) => variables[name],
    input: async function* () {
      yield new TextEncoder().encode(input)
    },
    monotonicMs: () => performance.now(),
  }
}
