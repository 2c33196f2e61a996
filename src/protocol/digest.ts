// SHA-256 digests and their text form. The only hash the commit log uses.
import { hash } from "node:crypto"

/** 32 bytes. */
export type Digest = Uint8Array

export const digestBytes = 32

/** The parent of version 1, and the head digest of an empty log. */
export const genesisDigest: Digest = new Uint8Array(digestBytes)

export function digestOf(bytes: Uint8Array | string): Digest {
  return hash("sha256", bytes, "buffer")
}

export function sameDigest(a: Digest, b: Digest): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lower-case hexadecimal, as it is shown to people and sent in JSON. */
export function digestText(digest: Digest): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString("hex")
}

/** The digest that `text` shows, or undefined where it is not 64 hexadecimal digits. */
export function digestFromText(text: string): Digest | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, "hex") : undefined
}
