// The client's address beside a write that a replica sends on: the primary would count all of the replica's clients as one.
// Signed with what both nodes share, over the write itself, so that no client can pose as another.
import { createHmac, timingSafeEqual } from "node:crypto"

export const forwardedAddressHeader = "tandem-forwarded-for"

export function signedAddress(address: string, body: string, secret: string): string {
  return `${address} ${signature(address, body, secret).toString("base64url")}`
}

/** Undefined where nobody who knows the secret has signed it for this body. */
export function addressSigned(header: string, body: string, secret: string): string | undefined {
  const [address = "", given = ""] = header.split(" ")
  const expected = signature(address, body, secret)
  const actual = Buffer.from(given, "base64url")
  return actual.length === expected.length && timingSafeEqual(actual, expected) ? address : undefined
}

function signature(address: string, body: string, secret: string): Buffer {
  return createHmac("sha256", secret).update(`forwarded for ${address}\n${body}`).digest()
}
