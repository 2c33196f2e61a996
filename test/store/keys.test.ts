// Keys as bytes: their order is that of their parts, and no key is mistaken for the beginning of another.
import { describe, expect, test } from "bun:test"
import {
  collectionKey,
  drawerPrefix,
  endedKey,
  endOfPrefix,
  entityKey,
  fieldPrefix,
  historyKey,
  idOfEntityKey,
  formerPrefix,
  indexKey,
  indexPrefix,
  partsOfKey,
  textFrom,
  versionAtEnd,
  versionKey,
  versionOf,
} from "../../src/store/keys.ts"
import { Random } from "../sim/random.ts"

const parts = ["a", "aa", "ab", "b", "a b", "a!", "Z", "ä", "äa", "語", "\uffee", "😀", "a\u0001"]
const versions = [0, 1, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1]

/** The order that keys must have: part by part. */
function compareParts(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [n, part] of a.entries()) {
    const other = b[n] ?? ""
    const order = typeof part === "number" ? part - Number(other) : Buffer.compare(Buffer.from(part), Buffer.from(`${other}`))
    if (order !== 0) return Math.sign(order)
  }
  return 0
}

describe("the order of keys is that of their parts", () => {
  const random = new Random(5)
  const some = Array.from({ length: 400 }, () => [random.pick(parts), random.pick(parts), random.pick(versions)] as const)
  const makers: readonly (readonly [what: string, key: (part: readonly [string, string, number]) => Buffer, count: number])[] = [
    ["versions", ([, , version]) => versionKey(version), -1],
    ["entities", ([collection, id]) => entityKey(collection, id), 2],
    ["history", ([collection, id, version]) => historyKey(collection, id, version), 3],
    ["index entries", ([value, id]) => indexKey("c", "f", Buffer.from(value), id), 2],
    ["index history", ([value, id, since]) => endedKey("c", "f", { fork: 3, reach: 1 }, Buffer.from(value), id, since), 3],
    ["index history by fork", ([, , fork]) => endedKey("c", "f", { fork, reach: 1 }, Buffer.from("0x"), "id", 1), -1],
  ]
  test.each(makers)("%s", (_, key, count) => {
    const used = (entry: readonly [string, string, number]): (string | number)[] => (count === -1 ? [entry[2]] : entry.slice(0, count))
    for (let n = 1; n < some.length; n++) {
      const [a = ["", "", 0] as const, b = ["", "", 0] as const] = [some[n - 1], some[n]]
      expect([a, b, Math.sign(Buffer.compare(key(a), key(b)))]).toEqual([a, b, compareParts(used(a), used(b))])
    }
  })
})

describe("a key", () => {
  test("of a collection begins its entities' keys, and no others", () => {
    for (const collection of parts) {
      for (const other of parts) expect(startsWith(entityKey(other, "x"), collectionKey(collection))).toBe(collection === other)
    }
  })

  test("of a value begins its holders' keys, and no others", () => {
    for (const value of parts) {
      for (const other of parts) {
        const begins = startsWith(indexKey("c", "f", Buffer.from(other), "id"), indexPrefix("c", "f", Buffer.from(value)))
        expect([value, other, begins]).toEqual([value, other, value === other])
      }
    }
    expect(startsWith(indexKey("c", "ff", Buffer.from("v"), "id"), indexPrefix("c", "f", Buffer.from("v")))).toBe(false)
    expect(startsWith(indexKey("cc", "f", Buffer.from("v"), "id"), indexPrefix("c", "f", Buffer.from("v")))).toBe(false)
  })

  test("of a time that has ended begins with its drawer, then with what had it", () => {
    const value = Buffer.from("0x")
    const drawer = { fork: 2 ** 40, reach: 0x81 }
    const key = endedKey("c", "f", drawer, value, "id", 7)
    const field = fieldPrefix("c", "f")
    expect(startsWith(key, formerPrefix("c", "f", drawer, value, "id"))).toBe(true)
    expect(startsWith(key, drawerPrefix(field, drawer))).toBe(true)
    const others = [drawerPrefix(field, { ...drawer, fork: 2 ** 40 + 1 }), drawerPrefix(field, { ...drawer, reach: 1 }), formerPrefix("c", "f", drawer, value, "i"), formerPrefix("c", "f", drawer, Buffer.from("0"), "id")]
    expect(others.map((prefix) => startsWith(key, prefix))).toEqual([false, false, false, false])
    expect(versionAtEnd(key)).toBe(7)
  })

  test("gives back its parts", () => {
    for (const collection of parts) {
      for (const id of parts) {
        const history = historyKey(collection, id, 2 ** 40 + 3)
        expect(partsOfKey(entityKey(collection, id))).toEqual({ collection, id })
        expect(partsOfKey(new Uint8Array(history))).toEqual({ collection, id })
        expect(idOfEntityKey(entityKey(collection, id), collection)).toBe(id)
        expect(versionAtEnd(history)).toBe(2 ** 40 + 3)
      }
    }
    for (const version of versions) expect([versionOf(versionKey(version)), versionAtEnd(new Uint8Array(versionKey(version)))]).toEqual([version, version])
    expect(textFrom(Buffer.from("abcä"), 2)).toBe("cä")
  })
})

describe("the end of a prefix", () => {
  test.each([
    ["61", "62"],
    ["6100", "6101"],
    ["61ff", "62"],
    ["61ffff", "62"],
    ["00", "01"],
    ["fffe", "ffff"],
  ])("%s is %s", (prefix, end) => {
    expect(endOfPrefix(Buffer.from(prefix, "hex")).toString("hex")).toBe(end)
  })

  test("lies behind every key with the prefix, and not behind the next one", () => {
    const prefix = Buffer.from("a\0")
    for (const more of ["", "\0", "z", "\u{10ffff}"]) expect(Buffer.compare(Buffer.concat([prefix, Buffer.from(more)]), endOfPrefix(prefix))).toBe(-1)
    expect(Buffer.compare(Buffer.concat([prefix, Buffer.alloc(9, 0xff)]), endOfPrefix(prefix))).toBe(-1)
    expect(Buffer.compare(Buffer.from("a\u0001"), endOfPrefix(prefix))).toBe(0)
  })

  test("is none where no key is greater", () => {
    expect(() => endOfPrefix(Buffer.from([0xff, 0xff]))).toThrow("has no end")
  })

  test("leaves the prefix as it is", () => {
    const prefix = Buffer.from("a")
    endOfPrefix(prefix)
    expect(prefix.toString()).toBe("a")
  })
})

function startsWith(key: Buffer, prefix: Buffer): boolean {
  return key.subarray(0, prefix.length).equals(prefix)
}
