// The commands of docs/OPERATING.md, section by section, as they stand there, and run at the machine of a node of a real pair: with the
// places and addresses of that pair instead of those that the document shows.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { commandOf, type RealNode } from "./real-node.ts"
import type { RealPair } from "./real-pair.ts"
import { blocksOf } from "./shown-commands.ts"

const operating = readFileSync(join(import.meta.dirname, "../../docs/OPERATING.md"), "utf8")

/** The blocks under one heading, in their order. Those in a list are indented. */
export function commandsUnder(heading: string): readonly string[] {
  const [, after] = operating.split(`\n## ${heading}\n`)
  if (after === undefined) throw new Error(`docs/OPERATING.md has no "${heading}"`)
  const [section = ""] = after.split(/^## /m)
  return blocksOf(section.replace(/^ {3}/gm, ""), "sh")
}

export type Places = readonly (readonly [shown: string, here: string])[]

/** What to run for a block. The first place that fits counts, so the longer ones come first. */
export function scriptOf(pair: RealPair, command: string, { program, data }: RealNode, more: Places = []): string {
  const places: Places = [
    ...more,
    ["/var/lib/tandem", data],
    ["/etc/tandem/secret", join(pair.directory, "secret")],
    ["http://a.internal:4000", pair.a.url],
    ["http://b.internal:4000", pair.b.url],
    ["http://a.internal:4001", pair.primaryPeerUrl],
    ["http://b.internal:4001", pair.replicaPeerUrl],
  ]
  const script = places.reduce((text, [there, here]) => text.replaceAll(there, here), command)
  return `tandem() { '${commandOf(program).join("' '")}' "$@"; }\n${script}`
}

export interface Ran {
  readonly code: number | null
  readonly printed: string
}

export function runAt(pair: RealPair, command: string, node: RealNode, more: Places = []): Ran {
  const { status, stdout, stderr } = spawnSync("bash", ["-euc", scriptOf(pair, command, node, more)], { encoding: "utf8", timeout: 120_000 })
  return { code: status, printed: stdout + stderr }
}
