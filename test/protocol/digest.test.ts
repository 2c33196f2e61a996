// Digests: SHA-256, and their text form.
import { expect, test } from "bun:test"
import { digestBytes, digestFromText, digestOf, digestText, genesisDigest, sameDigest } from "../../src/protocol/digest.ts"

test("a digest is the SHA-256 of the bytes, as the standard's examples have it", () => {
  expect(digestText(digestOf("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  expect(digestText(digestOf(new Uint8Array()))).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
})

test("the log begins with 32 zero bytes", () => {
  expect(genesisDigest).toEqual(new Uint8Array(digestBytes))
})

test("two digests are the same only when all their bytes are", () => {
  const digest = digestOf("abc")
  expect(sameDigest(digest, Uint8Array.from(digest))).toBe(true)
  for (let at = 0; at < digestBytes; at++) {
    const other = Uint8Array.from(digest)
    other[at] = (other[at] ?? 0) ^ 1
    expect(sameDigest(digest, other)).toBe(false)
  }
  expect(sameDigest(digest, digest.subarray(0, 31))).toBe(false)
})

test("the text of a digest reads back, also from inside a larger buffer", () => {
  const larger = new Uint8Array(40)
  larger.set(digestOf("abc"), 5)
  const text = digestText(larger.subarray(5, 37))
  expect(text).toBe(digestText(digestOf("abc")))
  expect(sameDigest(digestFromText(text) ?? genesisDigest, digestOf("abc"))).toBe(true)
})

test("text that is no digest is none", () => {
  for (const text of ["", "ab", "g".repeat(64), "A".repeat(64), "0".repeat(63), "0".repeat(65), `${"0".repeat(64)}\n`]) expect(digestFromText(text)).toBeUndefined()
})
