// `tandem serve`: one node, for real. Only reads settings and hands over; the node itself knows nothing of flags.
import { bounds } from "../bounds.ts"
import { exitCodes } from "../runtime/exit.ts"
import type { Command, Invocation } from "./command.ts"
import { CommandFailed } from "./command-failed.ts"
import { showDuration, showSize } from "./quantity.ts"
import { readSettings } from "./settings.ts"
import { stopWhenInputEnds } from "./stop-with-stdin.ts"
import { withAddon } from "./with-addon.ts"
import { whoeverReads } from "./terminal.ts"

export const serve: Command = {
  name: "serve",
  summary: "One node of a pair, for real",
  arguments: "",
  positionalsMax: 0,
  flags: {
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
    "backup-to": { value: "<directory>", help: "Make backups into this directory, on the way checked" },
    "backup-every": { value: "<duration>", help: `How often (${showDuration(bounds.backupEveryMs)})` },
    "backup-keep": { value: "<n>", help: `How many to keep (${bounds.backupKeep})` },
    "max-body": { value: "<size>", help: `Largest request body (${showSize(bounds.bodyBytesMax)})` },
    "sync-timeout": { value: "<duration>", help: `How long to look for the other node (${showDuration(bounds.syncTimeoutMs)})` },
    lease: { value: "<duration>", help: `How long reads go on without the other node (${showDuration(bounds.leaseMs)})` },
    "peer-timeout": { value: "<duration>", help: `How long one message may take (${showDuration(bounds.peerTimeoutMs)})` },
    "disk-floor": { value: "<size>", help: `Free space below which writes are refused (${showSize(bounds.diskFloorBytes)})` },
    watchdog: { value: "<duration>", help: `Ends a process that hangs this long (${showDuration(bounds.watchdogMs)})` },
    "stop-with-stdin": { help: "Stops, as on SIGTERM, when standard input ends" },
    json: { help: "Say that it is ready as JSON" },
  },
  examples: [
    "tandem serve --node a --data /data --listen [::]:4000 --peer-listen [::]:4001 \\\n    --peer http://b.internal:4001 --secret-file /run/secret --role primary",
  ],
  exits: [
    exitCodes.damaged,
    exitCodes.internal,
    exitCodes.diverged,
    exitCodes.foreign,
    exitCodes.locked,
    exitCodes.disk,
    exitCodes.stuck,
    exitCodes.fenced,
    exitCodes.settings,
  ],
  run: runServe,
}

async function runServe({ flags, terminal }: Invocation): Promise<number> {
  const read = readSettings(flags, terminal.variable)
  if ("wrong" in read) {
    const lines = read.wrong.map(({ name, why }) => `  ${name} ${why}`)
    const count = lines.length === 1 ? "One setting is wrong:" : `${lines.length} settings are wrong:`
    throw new CommandFailed([count, ...lines].join("\n"), { exitCode: exitCodes.settings, hint: "`tandem serve --help` lists all of them." })
  }
  if (flags.on("stop-with-stdin")) stopWhenInputEnds()
  const { nodeId } = read.settings
  // Only here: the client commands start without the store's addon.
  const { serveNode } = await withAddon(() => import("../http/serve-node.ts"), terminal)
  return serveNode(read.settings, {
    onReady: ({ publicUrl, peerUrl }) => {
      const line = flags.on("json") ? JSON.stringify({ node: nodeId, publicUrl, peerUrl }) : `Node ${nodeId} listens on ${publicUrl}, for its peer on ${peerUrl}`
      void whoeverReads(terminal).out(`${line}\n`)
    },
  })
}
