// Encoded pieces of the feed: made once, whole from whichever version, kept within a bound, and held within another.
import { expect, test } from "bun:test"
import { bounds } from "../../../src/bounds.ts"
import { FeedChunk, FeedChunks } from "../../../src/http/feed/feed-chunks.ts"
import { feedView } from "../../../src/operations/feed-view.ts"
import { Harness } from "../harness.ts"

const all = feedView(undefined)

async function written(count: number, text = ""): Promise<Harness> {
  const tandem = new Harness({ bodyBytesMax: bounds.bodyBytesMax })
  await tandem.commit({ op: "collection.define", data: { name: "goals" } })
  await Promise.all(Array.from({ length: count }, (_, n) => tandem.commit({ op: "document.put", data: { collection: "goals", id: `g${n}`, value: { text } } })))
  return tandem
}

/** The versions of all items behind `after`, chunk by chunk, and where chunks began. */
function walk(chunks: FeedChunks, after: number, to: number): { readonly versions: number[]; readonly begins: number[] } {
  const versions: number[] = []
  const begins: number[] = []
  for (let at = after; at < to; ) {
    begins.push(at)
    const chunk = chunks.behind(all, at, to)
    versions.push(...chunk.items.map(({ version }) => version))
    expect(chunk.last).toBeGreaterThan(at)
    at = chunk.last
  }
  return { versions, begins }
}

test("chunks follow each other without a gap from wherever one begins, and soon are the same", async () => {
  const { node } = await written(400)
  const chunks = new FeedChunks(node.reader)
  const from = (after: number) => Array.from({ length: 401 - after }, (_, n) => after + n + 1)
  for (const after of [0, 1, 57, 128, 400]) expect(walk(chunks, after, 401).versions).toEqual(from(after))
  expect(walk(chunks, 57, 401).begins.slice(1)).toEqual(walk(chunks, 0, 401).begins.filter((begin) => begin > 57))
})

test("the same chunk is not made twice, and another view has its own", async () => {
  const { node } = await written(1)
  const chunks = new FeedChunks(node.reader)
  expect(chunks.behind(feedView(undefined), 0, 2)).toBe(chunks.behind(all, 0, 2))
  expect(chunks.behind(feedView(["goals"]), 0, 2).items).toHaveLength(1)
  expect(chunks.behind(all, 0, 2).items).toHaveLength(2)
  expect(chunks.behind(all, 0, 2).events).toBe(chunks.behind(all, 0, 2).events)
})

test("a chunk that ended at what was committed then is gone on behind", async () => {
  const { node } = await written(5)
  const chunks = new FeedChunks(node.reader)
  expect(chunks.behind(all, 0, 3).last).toBe(3)
  expect(chunks.behind(all, 0, 6).last).toBe(3)
  expect(chunks.behind(all, 3, 6).last).toBe(6)
})

test("what was not used for longest is forgotten first", async () => {
  const { node } = await written(24, "x".repeat(900_000))
  const chunks = new FeedChunks(node.reader)
  const first = chunks.behind(all, 1, 25)
  const second = chunks.behind(all, 2, 25)
  for (let after = 3; after < 25; after++) {
    chunks.behind(all, after, 25)
    expect(chunks.behind(all, 1, 25)).toBe(first)
  }
  expect(chunks.behind(all, 2, 25)).not.toBe(second)
})

test("chunks that are sent in pieces are held within a bound, each counted once, and a single one always", () => {
  const chunks = new FeedChunks(new Harness().node.reader)
  const chunk = (bytes: number) => new FeedChunk([{ version: 1, text: "x".repeat(bytes) }], 1)
  const huge = chunk(bounds.feedHeldBytesMax + 1)
  expect([chunks.hold(huge), chunks.hold(huge), chunks.hold(chunk(1))]).toEqual([true, true, false])
  chunks.release(huge)
  expect(chunks.hold(chunk(1))).toBe(false)
  chunks.release(huge)
  const half = chunk(bounds.feedHeldBytesMax / 2 - 1_000)
  expect([chunks.hold(half), chunks.hold(chunk(bounds.feedHeldBytesMax / 2 - 1_000)), chunks.hold(half), chunks.hold(half), chunks.hold(chunk(10_000))]).toEqual([true, true, true, true, false])
})
