// What the other node talks to, on a listener of its own: signed POSTs, nothing else. No decisions here.
import { Hono } from "hono"
import { bounds } from "../bounds.ts"
import type { TandemNode } from "../node/node.ts"
import { pathOf, signatureHeader } from "../node/peer-client.ts"
import { decodeRequest, encodePeerMessage, PeerMessageDamaged, sameSignature, signAnswer, signRequest } from "../node/peer-wire.ts"
import type { Request as PeerRequest } from "../protocol/messages.ts"
import { RecordDamaged } from "../protocol/record.ts"

const kinds: readonly PeerRequest["kind"][] = ["hello", "prepare", "commit", "rollback", "records", "digest", "heartbeat"]

export function createPeerApp(node: Pick<TandemNode, "receive">, secret: string): { fetch(request: Request): Response | Promise<Response> } {
  const hono = new Hono()
  for (const kind of kinds) {
    hono.post(pathOf(kind), async (context) => {
      const request = context.req.raw
      const body = new Uint8Array(await request.arrayBuffer())
      if (body.length > bounds.peerBodyBytesMax) return context.text("too large", 413)
      const signature = request.headers.get(signatureHeader) ?? ""
      // Nothing of an unsigned message is looked at.
      if (!sameSignature(signature, signRequest(secret, pathOf(kind), body))) return context.text("not signed with this pair's secret", 401)
      try {
        const decoded = decodeRequest(body)
        if (decoded.message.kind !== kind) return context.text("the message is of another kind", 400)
        const { envelope, answer } = await node.receive(decoded)
        const bytes = encodePeerMessage(envelope, answer)
        return new Response(new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength), {
          headers: { "content-type": "application/octet-stream", [signatureHeader]: signAnswer(secret, signature, bytes) },
        })
      } catch (error) {
        if (error instanceof PeerMessageDamaged || error instanceof RecordDamaged) return context.text(error.message, 400)
        throw error
      }
    })
  }
  return { fetch: (request) => hono.fetch(request) }
}
