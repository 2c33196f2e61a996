// `tandem handover`: planned work on the primary's machine: the replica takes its place, and nobody loses anything.
import type { Command } from "./command.ts"
import { decide, decisionExits, decisionFlags } from "./decide.ts"

export const handover: Command = {
  name: "handover",
  summary: "Lets the replica take the primary's place, for planned work",
  arguments: "",
  positionalsMax: 0,
  flags: decisionFlags,
  examples: ["tandem handover --url http://a.internal:4000 --reason 'a gets a new kernel'"],
  exits: [...decisionExits],
  run: (invocation) => decide(invocation, "hands over", (service, options) => service.operator.handover(options)),
}
