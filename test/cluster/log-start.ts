// Where the log of a pair's primary begins on its disk: trimming takes its time after it was decided, and only the other node is told.
import { PeerClient } from "../../src/node/peer-client.ts"
import type { Epoch } from "../../src/protocol/epoch.ts"
import { protocolVersion } from "../../src/protocol/messages.ts"
import { pairSecret, type RealPair } from "./real-pair.ts"

export async function logStart({ a, primaryPeerUrl }: RealPair): Promise<number> {
  const { clusterId: cluster, epoch } = (await a.json("/status")) as { readonly clusterId: string; readonly epoch: Epoch }
  const client = new PeerClient({ peerUrl: primaryPeerUrl, secret: pairSecret, timeoutMs: 10_000 })
  const { message } = await client.ask({ protocol: protocolVersion, cluster, node: "test", epoch, session: "test", peerSession: null, link: 0, sentAtMs: 0 }, { kind: "position" })
  return message.kind === "position" ? message.logStart : 0
}
