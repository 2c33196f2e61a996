// Segments say where they belong, and nothing that was changed or exchanged passes for one.
import { describe, expect, test } from "bun:test"
import { openSegment, parseSegmentName, sealSegment, SegmentDamaged, type SegmentName } from "../../src/node/segment.ts"
import { Chain } from "../store/chain.ts"

const clusterId = "0123456789abcdef0123456789abcdef"

function records(count: number, chain = new Chain()) {
  return Array.from({ length: count }, (_, n) => chain.next([{ id: `e${n}`, body: `{"n":${n}}` }]))
}

function named({ name }: { readonly name: string }): SegmentName {
  const parsed = parseSegmentName(name)
  if (parsed === undefined) throw new Error(`${name} is no segment's name`)
  return parsed
}

test("a segment gives back its records, and its name says which", () => {
  const chain = new Chain()
  records(4, chain)
  const some = records(3, chain)
  const sealed = sealSegment(clusterId, some)
  expect(sealed.name).toMatch(/^tandem-01234567-000000000000005-000000000000007-1-[0-9a-f]{16}-[0-9a-f]{16}\.segment$/)
  expect(named(sealed)).toMatchObject({ cluster: "01234567", from: 5, to: 7, epoch: 1 })
  expect(openSegment(named(sealed), clusterId, sealed.bytes).map(({ digest }) => digest)).toEqual(some.map(({ digest }) => digest))
})

test("two histories of the same versions have different names, and the same history has the same", () => {
  const [one, two] = [records(3), [...records(2), new Chain().next([{ id: "other", body: "{}" }])]]
  expect(sealSegment(clusterId, one).name).toBe(sealSegment(clusterId, records(3)).name)
  expect(sealSegment(clusterId, one.slice(0, 1)).name).not.toBe(sealSegment(clusterId, two.slice(2)).name)
})

test("what is called otherwise is none", () => {
  const { name } = sealSegment(clusterId, records(3))
  for (const other of ["", "notes", `.unfinished-a-segment`, `${name}.tmp`, `x${name}`, name.replace("000000000000001-", "1-"), name.replace("000000000000001-000000000000003", "000000000000003-000000000000001")]) {
    expect(parseSegmentName(other)).toBeUndefined()
  }
})

describe("refused is a segment", () => {
  test("in which any byte differs", () => {
    const sealed = sealSegment(clusterId, records(2))
    for (let n = 0; n < sealed.bytes.length; n++) {
      const changed = Uint8Array.from(sealed.bytes)
      changed[n] = (changed[n] ?? 0) ^ 1
      let opened: unknown
      try {
        opened = openSegment(named(sealed), clusterId, changed)
      } catch (error) {
        expect(error).toBeInstanceOf(SegmentDamaged)
        continue
      }
      // Only what a reader does not need may differ: the header repeats what the name and the records say.
      expect(opened).toEqual(openSegment(named(sealed), clusterId, sealed.bytes))
    }
  })

  test("that is cut off anywhere, or goes on", () => {
    const sealed = sealSegment(clusterId, records(2))
    for (let length = 0; length < sealed.bytes.length; length++) expect(() => openSegment(named(sealed), clusterId, sealed.bytes.subarray(0, length))).toThrow(SegmentDamaged)
    expect(() => openSegment(named(sealed), clusterId, Buffer.concat([sealed.bytes, Buffer.from([0])]))).toThrow(SegmentDamaged)
  })

  test("under the name of another, or of another cluster", () => {
    const [one, two] = [sealSegment(clusterId, records(2)), sealSegment(clusterId, records(3))]
    expect(() => openSegment(named(one), clusterId, two.bytes)).toThrow("are not those that its name says")
    expect(() => openSegment(named(one), "0123456789999999", one.bytes)).toThrow("it is of the cluster")
  })
})
