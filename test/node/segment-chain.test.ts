// Of what was shipped, the chain that goes on from a version, and the right one where reigns parted.
import { describe, expect, test } from "bun:test"
import { SegmentChain } from "../../src/node/segment-chain.ts"
import type { SegmentName } from "../../src/node/segment.ts"

/** `a1-3` is of the history a, which other histories share up to a version: `a1-3 b4-5`. */
function segment(from: number, to: number, epoch: number, parent: string, digest: string): SegmentName {
  return { name: `${from}-${to}-${epoch}-${parent}-${digest}`, cluster: "c", from, to, epoch, parent, digest }
}

function follow(chain: SegmentChain, version: number, digest: string): string[] {
  const names: string[] = []
  for (let next = chain.after(version, digest); next !== undefined; next = chain.after(next.to, next.digest)) names.push(next.name)
  return names
}

describe("a chain", () => {
  test("goes from each segment to the one that names its digest, in whatever order they are listed", () => {
    const segments = [segment(1, 3, 1, "d0", "d3"), segment(4, 4, 1, "d3", "d4"), segment(5, 9, 1, "d4", "d9")]
    for (const order of [segments, segments.toReversed()]) expect(follow(new SegmentChain(order), 0, "d0")).toEqual(segments.map(({ name }) => name))
    expect(follow(new SegmentChain(segments), 4, "d4")).toEqual([segments[2]?.name ?? ""])
    expect(follow(new SegmentChain(segments), 3, "other")).toEqual([])
  })

  test("takes the newest reign where two go on from the same version, however far the older one reaches (P1)", () => {
    const common = segment(1, 5, 1, "d0", "d5")
    const old = [segment(6, 7, 1, "d5", "x7"), segment(8, 90, 1, "x7", "x90")]
    const next = [segment(6, 8, 1, "d5", "d8"), segment(9, 9, 2, "d8", "d9")]
    const chain = new SegmentChain([...old, common, ...next])
    expect(follow(chain, 0, "d0")).toEqual([common, ...next].map(({ name }) => name))
    expect(chain.epochMax).toBe(2)
  })

  test("takes what reaches furthest where one reign shipped the same twice", () => {
    const [short, long, on] = [segment(1, 2, 1, "d0", "d2"), segment(1, 3, 1, "d0", "d3"), segment(3, 9, 1, "d2", "d9")]
    expect(follow(new SegmentChain([long, short, on]), 0, "d0")).toEqual([short.name, on.name])
    expect(follow(new SegmentChain([long, short]), 0, "d0")).toEqual([long.name])
  })

  test("goes on from a version in the middle of one, or at whose end it is; of the newest reign first", () => {
    const segments = [segment(1, 4, 1, "d0", "d4"), segment(3, 4, 2, "e2", "e4"), segment(5, 6, 1, "d4", "d6"), segment(4, 9, 2, "e3", "e9")]
    const named = (...numbers: number[]): string[] => numbers.map((n) => segments[n]?.name ?? "")
    const chain = new SegmentChain(segments)
    expect(chain.from(3, "d3").map(({ name }) => name)).toEqual(named(1, 0))
    expect(chain.from(4, "d4").map(({ name }) => name)).toEqual(named(3, 2))
    expect(chain.from(9, "e9")).toEqual([])
  })

  test("knows what ends with a version as another one, in this reign or a later one", () => {
    const chain = new SegmentChain([segment(1, 4, 1, "d0", "d4"), segment(3, 4, 2, "e2", "e4")])
    expect(chain.endsOtherwise(4, "d4", 1)?.digest).toBe("e4")
    expect(chain.endsOtherwise(4, "e4", 2)).toBeUndefined()
    expect(chain.endsOtherwise(3, "x3", 1)).toBeUndefined()
  })

  test("knows what lies beyond a gap, but not what an older reign left there", () => {
    const chain = new SegmentChain([segment(1, 4, 2, "d0", "d4"), segment(9, 9, 1, "x8", "x9"), segment(20, 22, 2, "d19", "d22")])
    expect(chain.beyond(4, 2)?.from).toBe(20)
    expect(chain.beyond(22, 2)).toBeUndefined()
    expect(new SegmentChain([segment(9, 9, 1, "x8", "x9")]).beyond(4, 2)).toBeUndefined()
  })

  test("of many thousand segments is followed to its end", () => {
    const segments = Array.from({ length: 50_000 }, (_, n) => segment(n + 1, n + 1, 1, `d${n}`, `d${n + 1}`))
    expect(follow(new SegmentChain(segments), 0, "d0").length).toBe(50_000)
  })
})
