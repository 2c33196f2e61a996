// What a command is told about a node of this machine: the flags of `tandem serve`, which others take as well, so that the same
// line works for them; and the settings that follow from them.
import { bounds } from "../bounds.ts"
import type { NodeSettings } from "../node/settings.ts"
import { exitCodes } from "../runtime/exit.ts"
import type { Invocation } from "./command.ts"
import { CommandFailed } from "./command-failed.ts"
import type { FlagTable } from "./flags.ts"
import { showDuration, showSize } from "./quantity.ts"
import { readSettings } from "./settings.ts"

export const nodeFlags: FlagTable = {
  node: { value: "<id>", help: "Name of this node: lower-case letters, digits, hyphens" },
  data: { value: "<directory>", help: "Where this node keeps its data; made if missing" },
  listen: { value: "<host:port>", help: "Where clients connect (127.0.0.1:4000)" },
  "peer-listen": { value: "<host:port>", help: "Where the other node connects (127.0.0.1:4001)" },
  peer: { value: "<url>", help: "Peer listener of the other node" },
  "public-url": { value: "<url>", help: "How clients reach this node (http://<listen>)" },
  "secret-file": { value: "<file>", help: "What both nodes share, 32 characters or more; or TANDEM_SECRET" },
  role: { value: "<role>", help: "primary or replica, on the very first start only" },
  join: { help: "Lets an empty disk become the replica of a running primary" },
  "cors-origin": { value: "<origin>", help: "Web origin that may call; repeated or comma separated", repeats: true },
  "client-address-header": { value: "<name>", help: "Header in which your proxy says the client's address, for counting wrong passwords" },
  "when-stuck": { value: "<what>", help: "exit, or serve-reads: what to do without the other node (exit)" },
  "forward-writes": { help: "A replica passes writes on to the primary instead of answering 421" },
  "stale-reads": { help: "Answers reads before the first sync of this run; they say that they may be stale" },
  retention: { value: "<what>", help: "History to keep: versions, an age, or both, 100000,30d (everything)" },
  "retention-of": { value: "<c>=<what>", help: "The same for one collection; repeated for several", repeats: true },
  "backup-to": { value: "<directory>", help: "Make backups into this directory, each checked" },
  "backup-every": { value: "<duration>", help: `How often (${showDuration(bounds.backupEveryMs)})` },
  "backup-keep": { value: "<n>", help: `How many to keep (${bounds.backupKeep})` },
  "ship-to": { value: "<place>", help: "Ship the log there, a second after it was committed: a directory, or s3://bucket/prefix" },
  "ship-endpoint": { value: "<url>", help: "Of the object storage, where that is not AWS; its key is in AWS_… variables" },
  "max-body": { value: "<size>", help: `Largest request body (${showSize(bounds.bodyBytesMax)})` },
  "sync-timeout": { value: "<duration>", help: `How long to look for the other node (${showDuration(bounds.syncTimeoutMs)})` },
  lease: { value: "<duration>", help: `How long reads go on without the other node (${showDuration(bounds.leaseMs)})` },
  "peer-timeout": { value: "<duration>", help: `How long one message may take (${showDuration(bounds.peerTimeoutMs)})` },
  "disk-floor": { value: "<size>", help: `Free space below which writes are refused (${showSize(bounds.diskFloorBytes)})` },
  watchdog: { value: "<duration>", help: `Ends a process that hangs this long (${showDuration(bounds.watchdogMs)})` },
}

/** Fails naming all that are wrong. */
export function nodeSettings({ flags, terminal }: Invocation): NodeSettings {
  const read = readSettings(flags, terminal.variable)
  if ("settings" in read) return read.settings
  const lines = read.wrong.map(({ name, why }) => `  ${name} ${why}`)
  const count = lines.length === 1 ? "One setting is wrong:" : `${lines.length} settings are wrong:`
  throw new CommandFailed([count, ...lines].join("\n"), { exitCode: exitCodes.settings, hint: "`tandem serve --help` lists all of them." })
}
