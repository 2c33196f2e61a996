// `tandem rejoin`: the old primary, stopped, becomes the replica of the node that was promoted while it was away. Takes the settings
// of `tandem serve`. What it takes back it keeps in a file; what this node had committed alone goes only with --discard.
import { ignoreProxies } from "../runtime/environment.ts"
import { type ExitCode, exitCodes } from "../runtime/exit.ts"
import { monotonicMs } from "../runtime/clock.ts"
import { sessionId } from "../runtime/random.ts"
import type { Rejoined } from "../node/rejoin.ts"
import type { NodeSettings } from "../node/settings.ts"
import type { RejoinRefusal } from "../protocol/rejoin.ts"
import { sentence } from "../refusal.ts"
import type { TableStore } from "../store/table-store.ts"
import { paintFor } from "./colour.ts"
import type { Command, Invocation } from "./command.ts"
import { CommandFailed } from "./command-failed.ts"
import { jsonLine } from "./json-line.ts"
import { nodeFlags, nodeSettings } from "./node-flags.ts"
import { otherNode, otherNodeFailure, ownNode } from "./other-node.ts"
import { counted, ProgressBar } from "./progress.ts"
import { withStoppedNode } from "./stopped-node.ts"
import type { Terminal } from "./terminal.ts"

export const rejoin: Command = {
  name: "rejoin",
  summary: "Makes the old primary, stopped, the replica of the node that was promoted",
  arguments: "",
  positionalsMax: 0,
  flags: {
    ...nodeFlags,
    discard: { help: "Also takes back what this node had committed alone; a file in --data keeps it" },
    json: { help: "What was done, as JSON" },
  },
  examples: [
    "tandem rejoin --node a --data /data --peer http://b.internal:4001 --secret-file /run/secret",
    "tandem rejoin --node a --data /data --peer http://b.internal:4001 --secret-file /run/secret --discard",
  ],
  exits: [
    exitCodes.failed,
    exitCodes.damaged,
    exitCodes.diverged,
    exitCodes.foreign,
    exitCodes.locked,
    exitCodes.disk,
    exitCodes.stuck,
    exitCodes.settings,
  ],
  run: runRejoin,
}

async function runRejoin(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation
  const settings = nodeSettings(invocation)
  ignoreProxies()
  const bar = new ProgressBar(terminal, "rejoin", "versions taken back")
  try {
    const rejoined = await withStoppedNode(settings.dataDirectory, terminal, (store) => rejoinStopped(settings, store, flags.on("discard"), bar))
    await show(rejoined, settings.nodeId, flags.on("json"), terminal)
    return exitCodes.done
  } finally {
    bar.end()
  }
}

async function rejoinStopped(settings: NodeSettings, store: TableStore, discard: boolean, bar: ProgressBar): Promise<Rejoined> {
  ownNode(settings.nodeId, store.identity().nodeId, settings.dataDirectory)
  const [{ rejoin }, ask] = await Promise.all([import("../node/rejoin.ts"), otherNode(settings)])
  try {
    return await rejoin({
      store,
      dataDirectory: settings.dataDirectory,
      session: sessionId(),
      ask,
      monotonicMs,
      discard,
      onProgress: (takenBack, total) => bar.at(takenBack, takenBack / total),
    })
  } catch (error) {
    throw otherNodeFailure(error)
  }
}

const exitOf: Readonly<Record<RejoinRefusal, ExitCode>> = {
  "not-due": exitCodes.failed,
  "would-discard": exitCodes.diverged,
  foreign: exitCodes.foreign,
  again: exitCodes.stuck,
}

async function show(rejoined: Rejoined, node: string, json: boolean, terminal: Terminal): Promise<void> {
  switch (rejoined.step) {
    case "refuse":
      throw new CommandFailed(`${sentence(rejoined.detail)} Nothing was changed.`, { exitCode: exitOf[rejoined.why], hint: rejoined.hint })
    case "done":
      return terminal.out(json ? jsonLine({ node, rejoined: false, detail: rejoined.detail }) : `${sentence(rejoined.detail)} ${startIt}\n`)
    case "rejoined": {
      const { peer, common, takenBack, file = null } = rejoined
      if (json) return terminal.out(jsonLine({ node, rejoined: true, primary: peer.node, epoch: peer.epoch, head: common, takenBack, file }))
      const kept = file === null ? "" : `${counted(takenBack, "version", "versions")} above ${common} went, and ${takenBack === 1 ? "is" : "are"} kept in ${file}.\n`
      return terminal.out(`${kept}Node ${paintFor(terminal)("bold", node)} is the replica of node ${peer.node}, the primary of epoch ${peer.epoch.number}, at version ${common}. ${startIt}\n`)
    }
    default:
      return rejoined satisfies never
  }
}

const startIt = "Start it with `tandem serve`."
