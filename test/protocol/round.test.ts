// A round as a value: what its messages say.
import { expect, test } from "bun:test"
import { prepareOf, rollbackOf, roundOf } from "../../src/protocol/round.ts"
import { chain, log } from "./chain.ts"
import { Pair } from "./pair.ts"

const three = log(3)
const batch = chain(["x", "y"], three)

test("a round spans its records, and its number follows on the last one's", () => {
  const { a } = Pair.inSync()
  expect(roundOf({ ...a, roundNumber: 6 }, batch, "saving")).toMatchObject({
    number: 7, first: 4, last: 5, lastDigest: batch[1]?.digest, parent: three[2]?.digest, local: "saving", vote: null, ask: "under-way", rollback: "none", sinceMs: a.nowMs,
  })
})

test("a round has records", () => {
  expect(() => roundOf(Pair.inSync().a, [], "saving")).toThrow()
})

test("a prepare implies the commit of what is before it, and of nothing in it (I9)", () => {
  const { a } = Pair.inSync()
  const round = roundOf(a, batch, "saved")
  expect(prepareOf({ ...a, committed: 2 }, round).committed).toBe(2)
  expect(prepareOf({ ...a, committed: 3 }, round).committed).toBe(3)
  expect(prepareOf({ ...a, committed: 5 }, round).committed).toBe(3)
})

test("a rollback names the round, its span and what the head is after it (I10)", () => {
  const round = roundOf(Pair.inSync().a, batch, "saving")
  expect(rollbackOf(round)).toEqual({ kind: "rollback", round: round.number, first: 4, digest: round.lastDigest, parent: round.parent })
})
