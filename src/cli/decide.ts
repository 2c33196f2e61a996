// What promote, solo and handover have in common: they ask one running node, and show what it is afterwards.
import type { Service } from "../client/service.ts"
import type { Decided, DecisionOptions } from "../client/operator.ts"
import { exitCodes } from "../runtime/exit.ts"
import { apiFlags, connect } from "./api.ts"
import { type Paint, paintFor } from "./colour.ts"
import type { Invocation } from "./command.ts"
import { CommandFailed } from "./command-failed.ts"
import type { FlagTable } from "./flags.ts"
import { jsonLine } from "./json-line.ts"
import { inline } from "./printable.ts"
import { grouped, whileWaiting } from "./progress.ts"

export const decisionFlags: FlagTable = {
  ...apiFlags,
  reason: { value: "<text>", help: "Why; kept in the log, with whose key it was" },
  json: { help: "What the node is afterwards, as JSON" },
}

export const decisionExits = [exitCodes.failed, exitCodes.stuck] as const

export async function decide({ flags, terminal }: Invocation, waiting: string, made: (service: Service, options: DecisionOptions) => Promise<Decided>): Promise<number> {
  const api = connect(flags, terminal)
  const decided = await whileWaiting(terminal, `${api.url} ${waiting}`, api.ask((service) => made(service, { reason: flags.text("reason") }))).catch(orUnknown)
  if (flags.on("json")) await terminal.out(jsonLine(decided))
  else await terminal.out(`${sentenceOf(decided, paintFor(terminal))}\n`)
  return exitCodes.done
}

/** Whoever does not hear what came of it must not take it for undone. */
function orUnknown(error: unknown): never {
  if (!(error instanceof CommandFailed) || !error.mayBeDone) throw error
  const hint = "It may have been done all the same: look at `tandem status` of both nodes before anything else."
  throw new CommandFailed(error.message, { exitCode: error.exitCode, hint, mayBeDone: true })
}

function sentenceOf({ node, role, epoch, mode, committed, primary }: Decided, paint: Paint): string {
  const solo = mode === "solo" ? `, ${paint("yellow", "solo: what it acknowledges is on its own disk only, until a replica is in sync")}` : ""
  const elsewhere = role === "replica" && primary !== null ? `; the primary is ${inline(primary)}` : ""
  return `Node ${paint("bold", inline(node))} is the ${role} of epoch ${epoch.number}${solo}, at version ${grouped(committed)}${elsewhere}.`
}
