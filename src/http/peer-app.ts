// What the other node talks to, on a listener of its own: signed POSTs, nothing else. No decisions here.
import { Hono } from "hono"
import type { TandemNode } from "../node/node.ts"
import type { NodeSettings } from "../node/settings.ts"
import { pathOf, signatureHeader } from "../node/peer-client.ts"
import { type DecodedRequest, decodeRequest, encodePeerMessage, PeerMessageDamaged, PeerProtocolUnknown, sameSignature, signAnswer, signRequest } from "../node/peer-wire.ts"
import type { PeerRequest } from "../protocol/messages.ts"
import { isRefusal } from "../refusal.ts"
import { statusOf } from "./problem.ts"
import { processHooks, unexpected, type UnexpectedHooks } from "./unexpected.ts"
import { UnsignedBodies } from "./unsigned-bodies.ts"

const kinds: readonly PeerRequest["kind"][] = ["hello", "prepare", "commit", "rollback", "records", "digest", "heartbeat", "handover", "diverged", "position", "snapshot-manifest", "snapshot-chunk"]

export function createPeerApp(
  node: Pick<TandemNode, "receive" | "refuseProtocol">,
  { secret, peerTimeoutMs }: Pick<NodeSettings, "secret" | "peerTimeoutMs">,
  hooks: UnexpectedHooks = processHooks,
): { fetch(request: Request): Response | Promise<Response> } {
  const hono = new Hono()
  const bodies = new UnsignedBodies(peerTimeoutMs)
  for (const kind of kinds) {
    const path = pathOf(kind)
    hono.post(path, async (context) => {
      const request = context.req.raw
      const signature = request.headers.get(signatureHeader) ?? ""
      if (!/^[0-9a-f]{64}$/.test(signature)) return said("not signed", 401)
      const body = await bodies.read(request)
      if (isRefusal(body)) return said(body.detail, statusOf(body.code))
      // Nothing of an unsigned message is looked at.
      if (!sameSignature(signature, signRequest(secret, path, body))) return said("not signed with this pair's secret", 401)
      const decoded = decode(body)
      if (typeof decoded === "string") return said(decoded, 400)
      const isUnknown = decoded instanceof PeerProtocolUnknown
      if (!isUnknown && decoded.message.kind !== kind) return said("the message is of another kind", 400)
      const { envelope, answer } = isUnknown ? node.refuseProtocol(decoded, kind) : await node.receive(decoded)
      const bytes = encodePeerMessage(envelope, answer)
      return new Response(new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength), {
        headers: { "content-type": "application/octet-stream", [signatureHeader]: signAnswer(secret, signature, bytes) },
      })
    })
  }
  hono.notFound(() => said("there is no such path for this method", 404))
  hono.onError((error, context) => {
    unexpected(error, `a message of the peer, ${context.req.path}`, hooks)
    return said("something is broken here", 500)
  })
  return { fetch: (request) => hono.fetch(request) }
}

/** The message, or why it is none. */
function decode(body: Uint8Array): DecodedRequest | PeerProtocolUnknown | string {
  try {
    return decodeRequest(body)
  } catch (error) {
    if (error instanceof PeerProtocolUnknown) return error
    if (error instanceof PeerMessageDamaged) return error.message
    throw error
  }
}

function said(text: string, status: number): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" } })
}
