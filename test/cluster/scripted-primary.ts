// Speaks to a real replica in the place of its primary, message by message and rightly signed, so that a test can send
// what no primary would send now.
import { keyHash } from "../../src/operations/idempotency-key.ts"
import { digestFromText, digestOf } from "../../src/protocol/digest.ts"
import type { Epoch } from "../../src/protocol/epoch.ts"
import { type Answer, type Envelope, type HelloRequest, protocolVersion, type Request } from "../../src/protocol/messages.ts"
import { sealRecord, type SealedRecord } from "../../src/protocol/record.ts"
import { PeerClient } from "../../src/node/peer-client.ts"
import type { RealNode } from "./real-node.ts"

interface Standing {
  readonly clusterId: string
  readonly epoch: Epoch
  readonly head: number
  readonly committed: number
  readonly digest: string
}

export class ScriptedPrimary {
  readonly #client: PeerClient
  readonly #standing: Standing
  #envelope: Envelope

  private constructor(client: PeerClient, standing: Standing) {
    this.#client = client
    this.#standing = standing
    const { clusterId, epoch } = standing
    this.#envelope = { protocol: protocolVersion, cluster: clusterId, node: "a", epoch, session: crypto.randomUUID(), peerSession: null, link: 0, sentAtMs: 0 }
  }

  /** Opens a link to the replica, which must be in no doubt about anything. */
  static async open(replica: RealNode, peerUrl: string, secret: string): Promise<ScriptedPrimary> {
    const standing = (await replica.json("/status")) as Standing
    const primary = new ScriptedPrimary(new PeerClient({ peerUrl, secret, timeoutMs: 10_000 }), standing)
    const hello: HelloRequest = { kind: "hello", open: false, head: standing.head, headDigest: digest(standing), committed: standing.committed, logStart: 1, publicUrl: "http://127.0.0.1:1" }
    for (const open of [false, true]) {
      const answer = await primary.ask({ ...hello, open })
      if (answer.kind !== "hello") throw new Error(`the replica did not open a link: ${JSON.stringify(answer)}`)
    }
    return primary
  }

  /** The replica's answer; what it says of itself goes into the next message. */
  async ask(request: Request): Promise<Answer> {
    const { envelope, message } = await this.#client.ask(this.#envelope, request)
    const link = message.kind === "hello" ? message.link : this.#envelope.link
    this.#envelope = { ...this.#envelope, peerSession: envelope.session, link }
    return message
  }

  /** A record that follows the replica's head: nothing but a key. */
  nextRecord(key: string): SealedRecord {
    const { head, epoch } = this.#standing
    return sealRecord({
      version: head + 1,
      epoch: epoch.number,
      timeMs: 4_102_444_800_000,
      parent: this.headDigest,
      key: { hash: keyHash("root", key), fingerprint: digestOf(key) },
      meta: { principal: "root", key },
      operations: "[]",
      results: "[]",
      writes: [],
    })
  }

  get head(): number {
    return this.#standing.head
  }

  get headDigest() {
    return digest(this.#standing)
  }
}

function digest(standing: Standing) {
  const found = digestFromText(standing.digest)
  if (found === undefined) throw new Error("the replica's status has no digest")
  return found
}
