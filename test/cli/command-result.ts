// What one command did at a node: its exit code, what it printed, and what it said to the person in front of it.
import { join } from "node:path"
import { runCommandLine } from "../../src/cli/main.ts"
import type { RealNode } from "../cluster/real-node.ts"
import { type Differences, scriptedTerminal } from "./scripted-terminal.ts"

export interface CommandResult {
  readonly code: number
  readonly out: string
  readonly notes: string
}

export interface Given {
  readonly input?: string
  readonly terminal?: Differences
}

export function variablesOf({ url, data }: Pick<RealNode, "url" | "data">): Readonly<Record<string, string>> {
  return { TANDEM_URL: url, TANDEM_TOKEN_FILE: join(data, "root.key") }
}

export async function resultAt(node: RealNode, given: readonly string[], { input = "", terminal: differences = {} }: Given = {}): Promise<CommandResult> {
  const terminal = scriptedTerminal(variablesOf(node), input, differences)
  const code = await runCommandLine(given, terminal)
  return { code, out: terminal.written.join(""), notes: terminal.notes.join("\n") }
}

/** The JSON lines of what it printed. */
export function jsonLines({ out }: Pick<CommandResult, "out">): readonly { readonly [name: string]: unknown }[] {
  return out.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as { readonly [name: string]: unknown })
}
