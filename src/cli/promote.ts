// `tandem promote`: makes a replica the primary, after the other machine is gone.
import type { Command } from "./command.ts"
import { decide, decisionExits, decisionFlags } from "./decide.ts"

export const promote: Command = {
  name: "promote",
  summary: "Makes a replica the primary, when the other machine is gone",
  arguments: "",
  positionalsMax: 0,
  flags: {
    ...decisionFlags,
    solo: { help: "Take writes that are on this machine's disk only, until a replica is in sync" },
    force: { help: "Also while the old primary may still answer reads, or where acknowledged writes may be missing here" },
  },
  examples: [
    "tandem promote --url http://b.internal:4000 --reason 'a does not come back'",
    "tandem promote --url http://b.internal:4000 --solo --reason 'a does not come back, and people are waiting'",
  ],
  exits: [...decisionExits],
  run: (invocation) => {
    const { flags } = invocation
    return decide(invocation, "is promoted", (service, options) => service.operator.promote({ ...options, solo: flags.on("solo"), force: flags.on("force") }))
  },
}
