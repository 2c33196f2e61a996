// Sends peer requests: POST only, signed, with a deadline, following no redirect and no proxy.
import { bounds } from "../bounds.ts"
import type { Envelope, PeerRequest } from "../protocol/messages.ts"
import { type DecodedAnswer, decodeAnswer, encodePeerMessage, sameSignature, signAnswer, signRequest } from "./peer-wire.ts"

export const signatureHeader = "tandem-signature"

export interface PeerClientSettings {
  readonly peerUrl: string
  readonly secret: string
  readonly timeoutMs: number
}

/** The path of each request kind on the peer listener. */
export function pathOf(kind: PeerRequest["kind"]): string {
  return kind === "digest" ? "/log/digest" : `/log/${kind}`
}

export class PeerClient {
  readonly #settings: PeerClientSettings

  constructor(settings: PeerClientSettings) {
    this.#settings = settings
  }

  /** The peer's authentic answer. Rejects where none came in time: then it is unknown whether the request arrived. */
  async ask(envelope: Envelope, request: PeerRequest): Promise<DecodedAnswer> {
    const { peerUrl, secret, timeoutMs } = this.#settings
    const path = pathOf(request.kind)
    const body = encodePeerMessage(envelope, request)
    const signature = signRequest(secret, path, body)
    const response = await fetch(new URL(path, peerUrl), {
      method: "POST",
      body: new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength),
      headers: { "content-type": "application/octet-stream", [signatureHeader]: signature },
      redirect: "error",
      tls: { rejectUnauthorized: true },
      // Chunks that are asked for at once share the line.
      signal: AbortSignal.timeout(request.kind === "snapshot-chunk" ? timeoutMs * bounds.snapshotAsksMax : timeoutMs),
    })
    const bytes = await bodyOf(response, path)
    if (response.status === 401) throw new PeerUnauthentic("the peer does not accept this node's secret: both need the same --secret-file")
    if (response.status === 400 || response.status === 404) throw new Error(`the peer does not understand ${path}: where it runs an older release, upgrade it; of a pair the replica is upgraded first`)
    if (response.status !== 200) throw new Error(`the peer answered ${path} with status ${response.status}`)
    if (!sameSignature(response.headers.get(signatureHeader) ?? "", signAnswer(secret, signature, bytes))) {
      throw new PeerUnauthentic("the peer's answer is not signed with this pair's secret")
    }
    return decodeAnswer(bytes)
  }
}

/** Whoever answers, it takes no more memory than an answer may have. */
async function bodyOf(response: Response, path: string): Promise<Uint8Array> {
  const length = response.headers.get("content-length")
  if (length === null || !(Number(length) <= bounds.peerBodyBytesMax) || response.headers.has("content-encoding")) {
    await response.body?.cancel()
    throw new Error(`the peer's answer to ${path} is not of an announced length up to ${bounds.peerBodyBytesMax} bytes`)
  }
  return new Uint8Array(await response.arrayBuffer())
}

/** The two nodes do not share a secret, or somebody else answers at the peer's address. */
export class PeerUnauthentic extends Error {
  constructor(detail: string) {
    super(detail)
    this.name = "PeerUnauthentic"
  }
}
