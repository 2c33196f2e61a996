// `tandem solo on|off`: whether a primary acknowledges what is on its own disk only, while its replica is away.
import type { Command } from "./command.ts"
import { wrongUsage } from "./command-failed.ts"
import { decide, decisionExits, decisionFlags } from "./decide.ts"

export const solo: Command = {
  name: "solo",
  summary: "Lets a primary write without its replica (on), or ends that (off)",
  arguments: "on | off",
  positionalsMax: 1,
  flags: { ...decisionFlags, force: { help: "Also where it was handing over, and the other node may have become the primary" } },
  examples: ["tandem solo on --url http://a.internal:4000 --reason 'b gets a new disk'", "tandem solo off --url http://a.internal:4000"],
  exits: [...decisionExits],
  run: (invocation) => {
    const [wanted] = invocation.positionals
    if (wanted !== "on" && wanted !== "off") throw wrongUsage("On or off?", "`tandem solo on` lets the primary write without its replica; it ends by itself when the replica is in sync.")
    return decide(invocation, `goes solo ${wanted}`, (service, options) => service.operator.solo(wanted === "on", { ...options, force: invocation.flags.on("force") }))
  },
}
