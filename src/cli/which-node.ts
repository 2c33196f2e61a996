// Which node a command is about, where it may be a running one or the data of a stopped one.
import { apiFlags } from "./api.ts"
import { wrongUsage } from "./command-failed.ts"
import type { Flags } from "./flags.ts"
import type { Terminal } from "./terminal.ts"

export const whichNodeFlags = {
  ...apiFlags,
  url: { value: "<url>", help: "A running node (with a key of scope admin)" },
  data: { value: "<directory>", help: "A stopped node's data directory; with --url, where its root.key is" },
}

/** What a flag says goes before the environment, and a running node before a stopped one. */
export function whichNode(flags: Flags, terminal: Terminal): "running" | { readonly stopped: string } {
  const data = flags.text("data")
  if (flags.text("url") !== undefined || (data === undefined && terminal.variable("TANDEM_URL") !== undefined)) return "running"
  const stopped = data ?? terminal.variable("TANDEM_DATA")
  if (stopped === undefined) throw wrongUsage("Which node? --url of a running one, or --data of a stopped one.")
  return { stopped }
}
