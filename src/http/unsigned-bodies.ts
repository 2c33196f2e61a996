// Bodies that are read before anybody knows who sent them: bounded each, together and in time, so that a stranger who
// reaches the peer listener can take neither the node's memory nor, for longer than a deadline, its patience.
import { bounds } from "../bounds.ts"
import { type Refusal, refuse } from "../refusal.ts"
import { readBytes } from "./body.ts"

export interface UnsignedBounds {
  readonly bytesMax: number
  readonly allBytesMax: number
  readonly countMax: number
  readonly readMs: number
}

export class UnsignedBodies {
  readonly #bounds: UnsignedBounds
  #bytes = 0
  #count = 0

  constructor(readMs: number, more: Partial<UnsignedBounds> = {}) {
    this.#bounds = {
      bytesMax: bounds.peerBodyBytesMax,
      allBytesMax: bounds.peerUnsignedBytesMax,
      countMax: bounds.peerUnsignedCountMax,
      readMs,
      ...more,
    }
  }

  /** The whole body, or why not. What counts is the length that it announces; one that does not may be the longest. */
  async read(request: Request): Promise<Uint8Array | Refusal> {
    const { bytesMax, allBytesMax, countMax, readMs } = this.#bounds
    const length = Number(request.headers.get("content-length") ?? bytesMax)
    if (!(length <= bytesMax)) return refuse("too-large", `The body is larger than ${bytesMax} bytes.`)
    if (this.#count >= countMax || this.#bytes + length > allBytesMax) return refuse("unavailable", "Too many bodies are being read already.")
    this.#count++
    this.#bytes += length
    // Counted until it is really over: a runtime may go on reading what is late.
    const body = readBytes(request, bytesMax).finally(() => {
      this.#count--
      this.#bytes -= length
    })
    return inTime(body, readMs)
  }
}

async function inTime(body: Promise<Uint8Array | Refusal>, ms: number): Promise<Uint8Array | Refusal> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<Refusal>((resolve) => {
    timer = setTimeout(() => resolve(refuse("malformed", `The body did not arrive within ${ms} ms.`)), ms)
  })
  try {
    return await Promise.race([body, late])
  } finally {
    clearTimeout(timer)
  }
}
