// Sends a write on to the primary, where the settings say so. One hop only, and an answer that did not come is never
// told as "not committed" unless nothing was sent. Through node:http, since `fetch` obeys proxy variables.
import { request as requestPlain } from "node:http"
import { request as requestSecure } from "node:https"
import { type Refusal, refuse } from "../refusal.ts"
import type { Exchange } from "./exchange.ts"
import { forwardedAddressHeader, signedAddress } from "./forwarded-address.ts"
import { outcomeUnknown } from "./outcome-unknown.ts"

/** Marks what another node sent on, so that two nodes which each take the other for the primary do not loop. */
const forwardedHeader = "tandem-forwarded-by"

const passedOn = ["authorization", "content-type", "idempotency-key"]

/** Longer than the primary takes to find itself stuck. */
const timeoutMs = 60_000

/** Where to send a write that was refused with `why`; undefined where it must not be sent on. */
export function forwardTarget(exchange: Exchange, why: Refusal): URL | undefined {
  if (why.code !== "not-primary" || !exchange.shared.settings.forwardWrites) return undefined
  const primary = why.primary ?? exchange.node.primaryUrl()
  if (primary === undefined || exchange.request.headers.has(forwardedHeader)) return undefined
  return new URL("/do", primary)
}

export async function forwardWrite(exchange: Exchange, target: URL, body: string, key: string | undefined): Promise<Response> {
  const headers: Record<string, string> = { [forwardedHeader]: exchange.node.nodeId, "tandem-request-id": exchange.requestId }
  const address = exchange.clientAddress()
  if (address !== undefined) headers[forwardedAddressHeader] = signedAddress(address, body, exchange.shared.settings.secret)
  for (const name of passedOn) {
    const value = exchange.request.headers.get(name)
    if (value !== null) headers[name] = value
  }
  try {
    return exchange.relay(await send(target, headers, body))
  } catch (error) {
    if (!nobodyListens(error)) return exchange.problem(outcomeUnknown(key))
    const detail = "The primary does not answer; nothing was sent."
    return exchange.problem(refuse("unavailable", detail, { retryAfter: 1, primary: target.origin }))
  }
}

/** A connection of its own each time: one kept open may be closed by the other side just as it is used. */
function send(target: URL, headers: Record<string, string>, body: string): Promise<Response> {
  const request = target.protocol === "https:" ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const outgoing = request(target, { method: "POST", headers, agent: false, signal }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
      incoming.on("error", reject)
      incoming.on("end", () => {
        if (!incoming.complete) return reject(new Error("the answer was cut"))
        resolve(new Response(Buffer.concat(chunks), { status: incoming.statusCode ?? 502, headers: headersOf(incoming.headers) }))
      })
    })
    outgoing.on("error", reject)
    outgoing.end(body)
  })
}

function headersOf(given: NodeJS.Dict<string | string[]>): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) if (typeof value === "string") headers.set(name, value)
  return headers
}

/** The one failure that proves that nothing was sent. */
function nobodyListens(error: unknown): boolean {
  return error instanceof Error && (error as { readonly code?: unknown }).code === "ECONNREFUSED"
}
