// What the client takes from where it runs: keys that nobody else makes, also where there is no global crypto.
import { expect, test } from "bun:test"
import { isIdempotencyKey } from "../../src/operations/idempotency-key.ts"
import { surroundings } from "../../src/client/surroundings.ts"

function thousandKeys(): Set<string> {
  return new Set(Array.from({ length: 1_000 }, () => surroundings.newKey()))
}

test("keys differ, and are such as a node takes", () => {
  const keys = thousandKeys()
  expect(keys.size).toBe(1_000)
  expect([...keys].every((key) => isIdempotencyKey(key) && key.length === 32)).toBe(true)
})

test("keys differ under Node 18 too, which has no global crypto", () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "crypto")
  try {
    Object.defineProperty(globalThis, "crypto", { value: undefined, configurable: true, writable: true })
    expect(thousandKeys().size).toBe(1_000)
  } finally {
    if (own !== undefined) Object.defineProperty(globalThis, "crypto", own)
  }
})
