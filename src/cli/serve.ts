// `tandem serve`: one node, for real. Only reads settings and hands over; the node itself knows nothing of flags.
import { exitCodes } from "../runtime/exit.ts"
import type { Command, Invocation } from "./command.ts"
import { nodeFlags, nodeSettings } from "./node-flags.ts"
import { stopWhenInputEnds } from "./stop-with-stdin.ts"
import { withAddon } from "./with-addon.ts"
import { whoeverReads } from "./terminal.ts"

export const serve: Command = {
  name: "serve",
  summary: "One node of a pair, for real",
  arguments: "",
  positionalsMax: 0,
  flags: {
    ...nodeFlags,
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

async function runServe(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation
  const settings = nodeSettings(invocation)
  if (flags.on("stop-with-stdin")) stopWhenInputEnds()
  const { nodeId } = settings
  // Only here: the client commands start without the store's addon.
  const { serveNode } = await withAddon(() => import("../http/serve-node.ts"), terminal)
  return serveNode(settings, {
    onReady: ({ publicUrl, peerUrl }) => {
      const line = flags.on("json") ? JSON.stringify({ node: nodeId, publicUrl, peerUrl }) : `Node ${nodeId} listens on ${publicUrl}, for its peer on ${peerUrl}`
      void whoeverReads(terminal).out(`${line}\n`)
    },
  })
}
