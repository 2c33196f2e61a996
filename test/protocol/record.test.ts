// Records: what is sealed opens to the same, and damaged bytes are noticed as damaged, never as anything else.
import { describe, expect, test } from "bun:test"
import { digestOf, genesisDigest, sameDigest } from "../../src/protocol/digest.ts"
import { continuesLog, openChanges, openRecord, openWrites, type Record, RecordDamaged, recordKeyHash, recordTimeMs, resealRecord, sealRecord } from "../../src/protocol/record.ts"
import { Random } from "../sim/random.ts"
import { chain, headOf, log } from "./chain.ts"

const bare: Record = { version: 1, epoch: 1, timeMs: 0, parent: genesisDigest, key: undefined, meta: { principal: "root" }, operations: "[]", results: "[]", writes: [] }

const full: Record = {
  version: 2 ** 48 - 1,
  epoch: 77,
  timeMs: 1_700_000_000_123,
  parent: digestOf("before"),
  key: { hash: digestOf("key"), fingerprint: digestOf("asked") },
  meta: { principal: "key:über", note: "a note 🙂", key: "k-1" },
  operations: '[{"op":"user.create","data":{"name":"Zoë"}}]',
  results: '[{"write":0}]',
  writes: [
    { collection: "users", id: "ü", row: Buffer.from([0, 255, 1]) },
    { collection: "a", id: "", row: Buffer.alloc(0) },
    { collection: "users", id: "🙂".repeat(64), row: Buffer.alloc(70_000, 7) },
  ],
}

const small: Record = { ...full, writes: full.writes.slice(0, 2) }

/** With bytes as text: Buffers and other Uint8Arrays of the same bytes are the same here. */
function plain({ parent, key, writes, ...rest }: Record): unknown {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
  return { ...rest, parent: text(parent), key: key && [text(key.hash), text(key.fingerprint)], writes: writes.map((write) => ({ ...write, row: text(write.row) })) }
}

/** Damaged (true), or readable (false); any other exception is not caught. */
function isDamaged(bytes: Uint8Array): boolean {
  const readers = [openRecord, openWrites, resealRecord]
  const damaged = readers.map((read) => {
    try {
      read(bytes)
      return false
    } catch (error) {
      if (!(error instanceof RecordDamaged)) throw error
      return true
    }
  })
  return damaged[0] ?? false
}

describe("a sealed record", () => {
  test.each([["with nothing in it", bare], ["with everything in it", full]])("%s opens to the same", (_, record) => {
    const sealed = sealRecord(record)
    expect(plain(openRecord(sealed.bytes))).toEqual(plain(record))
    const { key, writes } = openWrites(sealed.bytes)
    expect(plain({ ...bare, key, writes })).toEqual(plain({ ...bare, key: record.key, writes: record.writes }))
  })

  test("is the same when its bytes are sealed again, from any place in a larger buffer", () => {
    const sealed = sealRecord(full)
    const larger = new Uint8Array(sealed.bytes.length + 20)
    larger.set(sealed.bytes, 13)
    const again = resealRecord(larger.subarray(13, 13 + sealed.bytes.length))
    expect(sameDigest(again.digest, sealed.digest)).toBe(true)
    expect([again.version, again.epoch, again.timeMs]).toEqual([full.version, full.epoch, full.timeMs])
    expect(sameDigest(again.parent, full.parent)).toBe(true)
  })

  test("has a digest that every field changes", () => {
    const variants: Partial<Record>[] = [
      {}, { version: 2 }, { epoch: 2 }, { timeMs: 1 }, { parent: digestOf("x") }, { key: { hash: digestOf("k"), fingerprint: digestOf("f") } },
      { meta: { principal: "other" } }, { operations: "[1]" }, { results: "[1]" }, { writes: [{ collection: "c", id: "i", row: Buffer.alloc(0) }] },
    ]
    const digests = variants.map((variant) => Buffer.from(sealRecord({ ...bare, ...variant }).digest).toString("hex"))
    expect(new Set(digests).size).toBe(variants.length)
  })

  test("does not run one text into the next", () => {
    const one = sealRecord({ ...bare, operations: "ab", results: "c" })
    const other = sealRecord({ ...bare, operations: "a", results: "bc" })
    expect(sameDigest(one.digest, other.digest)).toBe(false)
  })

  test("that does not fit the layout is refused when it is sealed, not cut", () => {
    expect(() => sealRecord({ ...bare, version: 2 ** 48 })).toThrow(RangeError)
    expect(() => sealRecord({ ...bare, timeMs: -1 })).toThrow(RangeError)
    expect(() => sealRecord({ ...bare, writes: [{ collection: "c".repeat(65_536), id: "", row: Buffer.alloc(0) }] })).toThrow(RangeError)
  })
})

describe("damage", () => {
  const { bytes, digest } = sealRecord(small)

  test("every truncation is noticed", () => {
    for (let length = 0; length < bytes.length; length++) expect(isDamaged(bytes.subarray(0, length))).toBe(true)
  })

  test("bytes after its end are noticed, by both readers", () => {
    const longer = Buffer.concat([bytes, Buffer.alloc(1)])
    expect(() => openRecord(longer)).toThrow(RecordDamaged)
    expect(() => openWrites(longer)).toThrow(RecordDamaged)
  })

  test("every flipped bit is noticed or changes the digest, and is never another exception (I4)", () => {
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(bytes)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit)
        isDamaged(flipped)
        if (at > 0) expect(sameDigest(resealRecordOrNothing(flipped), digest)).toBe(false)
      }
    }
  })

  test("an unknown format or flag is noticed", () => {
    for (const at of [0, 1]) {
      const other = Buffer.from(bytes)
      other[at] = 0x82
      expect(isDamaged(other)).toBe(true)
    }
  })

  test("text that is not UTF-8 is noticed, not replaced", () => {
    const record = Buffer.from(sealRecord({ ...bare, operations: '"abcdef"' }).bytes)
    record[record.indexOf("abcdef")] = 0xff
    expect(isDamaged(record)).toBe(true)
    // What was U+FFFD when it was sealed is that still.
    expect(openRecord(sealRecord({ ...bare, operations: '"\ufffd"' }).bytes).operations).toBe('"\ufffd"')
  })

  test("meta that is no JSON object is noticed", () => {
    for (const meta of ['{"principal":', "[1]", "null", "7"]) {
      const original = Buffer.from(sealRecord({ ...bare, meta: { principal: "x".repeat(20) } }).bytes)
      const from = original.indexOf("{")
      const wrong = Buffer.from(original)
      wrong.fill(" ", from, from + JSON.stringify({ principal: "x".repeat(20) }).length)
      wrong.write(meta, from)
      expect(isDamaged(wrong)).toBe(true)
    }
  })

  test("any bytes at all are a record or damaged, never another exception", () => {
    const random = new Random(20_170_504)
    for (let n = 0; n < 20_000; n++) {
      const copy = Buffer.from(bytes.subarray(0, random.chance(0.3) ? random.between(0, bytes.length) : bytes.length))
      for (let changes = random.between(1, 8); changes > 0 && copy.length > 0; changes--) copy[random.between(0, copy.length - 1)] = random.between(0, 255)
      isDamaged(copy)
    }
    for (let n = 0; n < 5_000; n++) isDamaged(Uint8Array.from({ length: random.between(0, 200) }, (_, at) => (at === 0 ? 1 : random.between(0, 255))))
  })
})

function resealRecordOrNothing(bytes: Uint8Array): Uint8Array {
  try {
    return resealRecord(bytes).digest
  } catch (error) {
    if (error instanceof RecordDamaged) return genesisDigest
    throw error
  }
}

describe("records continue a log", () => {
  const records = log(4)

  test("when versions and parents follow on its head (I4)", () => {
    expect(continuesLog(0, genesisDigest, records)).toBe(true)
    expect(continuesLog(2, headOf(records.slice(0, 2)).headDigest, records.slice(2))).toBe(true)
    expect(continuesLog(4, headOf(records).headDigest, [])).toBe(true)
  })

  test("not with a gap, a repetition, another order, another parent or another head (I4)", () => {
    const [one, two, three] = records
    if (one === undefined || two === undefined || three === undefined) throw new Error("a log of four has three records")
    expect(continuesLog(0, genesisDigest, [one, three])).toBe(false)
    expect(continuesLog(0, genesisDigest, [one, one])).toBe(false)
    expect(continuesLog(0, genesisDigest, [two, one])).toBe(false)
    expect(continuesLog(1, one.digest, chain(["x"], log(1, "other")))).toBe(false)
    expect(continuesLog(1, genesisDigest, [two])).toBe(false)
    expect(continuesLog(0, one.digest, [one])).toBe(false)
  })
})

describe("what is read of a record without opening it", () => {
  const { bytes } = sealRecord(full)

  test("is what it says when it is opened", () => {
    const { timeMs, key, meta, writes } = openRecord(bytes)
    expect(recordTimeMs(bytes)).toBe(timeMs)
    expect(recordKeyHash(bytes)).toEqual(key?.hash)
    expect(recordKeyHash(sealRecord(bare).bytes)).toBeUndefined()
    expect(openChanges(bytes)).toEqual({ meta, writes })
  })
})
