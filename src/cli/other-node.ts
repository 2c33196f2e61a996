// What commands about a stopped node ask of the other one, which has to run; and what they say where it does not answer, or refuses.
import type { DecodedAnswer } from "../node/peer-wire.ts"
import type { NodeSettings } from "../node/settings.ts"
import type { Envelope, PeerRequest } from "../protocol/messages.ts"
import { exitCodes } from "../runtime/exit.ts"
import { whyUnreachable } from "../runtime/why-unreachable.ts"
import { CommandFailed, isDiskFailure } from "./command-failed.ts"

/** What is given rejects with CommandFailed where there is no authentic answer. */
export async function otherNode({ peerUrl, secret, peerTimeoutMs }: NodeSettings): Promise<(envelope: Envelope, request: PeerRequest) => Promise<DecodedAnswer>> {
  const { PeerClient } = await import("../node/peer-client.ts")
  const client = new PeerClient({ peerUrl, secret, timeoutMs: peerTimeoutMs })
  return (envelope, request) => client.ask(envelope, request).catch((error: unknown) => unanswered(error, peerUrl))
}

function unanswered(error: unknown, peerUrl: string): never {
  const message = whyUnreachable(error)
  if (error instanceof Error && error.name === "PeerUnauthentic") {
    throw new CommandFailed(`The node at ${peerUrl} is not of this pair: ${message}.`, { exitCode: exitCodes.foreign, hint: "Check --peer and --secret-file. Nothing was changed." })
  }
  throw new CommandFailed(`The node at ${peerUrl} does not say where its log stands: ${message}.`, {
    exitCode: exitCodes.stuck,
    hint: "It has to run, in this release or a later one, so that both logs can be compared. Nothing was changed.",
  })
}

export function otherNodeFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  if (error.name === "PeerRefused") return new CommandFailed(`The other node refuses: ${error.message}.`, { exitCode: exitCodes.foreign, hint: "Check --node, --data and --peer. Nothing was changed." })
  return isDiskFailure(error) ? new CommandFailed(`The disk failed: ${error.message}. Nothing was changed.`, { exitCode: exitCodes.disk }) : error
}

export function ownNode(nodeId: string, ofData: string, dataDirectory: string): void {
  if (ofData !== nodeId) throw new CommandFailed(`${dataDirectory} belongs to node ${ofData}, not ${nodeId}.`, { exitCode: exitCodes.foreign, hint: "Check --node and --data." })
}
