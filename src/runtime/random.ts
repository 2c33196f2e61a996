// The only place that draws random numbers.
import { randomFillSync, randomBytes as draw } from "node:crypto"

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

/** Drawn ahead for ids, of which a busy node makes many: no two ids get the same bytes. */
const drawn = Buffer.alloc(8 * 512)
let used = drawn.length
let lastMs = 0
let counter = 0
const uuid = Buffer.alloc(16)

/** A UUID (version 7) whose order is the order in which one process made them. */
export function uuidv7(timeMs: number): string {
  if (timeMs > lastMs) {
    lastMs = timeMs
    counter = draw(2).readUInt16BE(0) & 0x7ff
  } else if (++counter > 0xfff) {
    lastMs++
    counter = 0
  }
  if (used === drawn.length) {
    randomFillSync(drawn)
    used = 0
  }
  uuid.writeUIntBE(lastMs, 0, 6)
  uuid.writeUInt16BE(0x7000 | counter, 6)
  drawn.copy(uuid, 8, used, used + 8)
  used += 8
  uuid[8] = ((uuid[8] ?? 0) & 0x3f) | 0x80
  const hex = uuid.toString("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
