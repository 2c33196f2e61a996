// Idempotency keys as they are stored: never two principals' keys under one hash.
import { type Digest, digestOf } from "../protocol/digest.ts"

export function keyHash(principal: string, key: string): Digest {
  return digestOf(`${principal}\0${key}`)
}
