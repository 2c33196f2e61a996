// The only place that draws random numbers.
import { randomBytes as draw } from "node:crypto"

export function randomBytes(count: number): Uint8Array {
  return draw(count)
}

/** `prefix` and 256 random bits, base64url. */
export function randomToken(prefix: string): string {
  return `${prefix}${draw(32).toString("base64url")}`
}

export function sessionId(): string {
  return draw(16).toString("hex")
}

let lastMs = 0
let counter = 0

/** A UUID (version 7) whose order is the order in which one process made them. */
export function uuidv7(timeMs: number): string {
  if (timeMs > lastMs) {
    lastMs = timeMs
    counter = draw(2).readUInt16BE(0) & 0x7ff
  } else if (++counter > 0xfff) {
    lastMs++
    counter = 0
  }
  const bytes = draw(16)
  bytes.writeUIntBE(lastMs, 0, 6)
  bytes.writeUInt16BE(0x7000 | counter, 6)
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
