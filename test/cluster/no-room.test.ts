// Fault 10, by the floor: a disk without room on either node refuses writes before they leave a trace, and the pair goes
// on once there is room.
import { afterEach, describe, expect, test } from "bun:test"
import { FewWrites } from "./few-writes.ts"
import { RealPair } from "./real-pair.ts"
import { sameDigests, Witness } from "./witness.ts"

/** More free space than any disk has. */
const noRoom = ["--disk-floor", String(Number.MAX_SAFE_INTEGER)]

const pairs: RealPair[] = []
afterEach(async () => {
  await Promise.all(pairs.splice(0).map((pair) => pair.remove()))
})

describe.each(["a", "b"] as const)("node %s below its floor", (name) => {
  test("is a 507 that names its node, and nothing of it is on either disk, now or later; reads go on (I10)", async () => {
    const pair = await RealPair.make()
    pairs.push(pair)
    await pair.start()
    const witness = new Witness()
    const writes = new FewWrites(pair, witness)
    for (let n = 0; n < 4; n++) expect(await writes.next()).toBe("acknowledged")
    const { digest } = await sameDigests(pair)
    await pair[name].stop()
    pair[name].start({ flags: noRoom })
    await pair.inSync()

    for (let n = 0; n < 3; n++) {
      const refused = await pair.a.do({ op: "user.create", data: { id: "late", email: "late@example.com" } }, "late")
      expect([refused.status, refused.body["code"]]).toEqual([507, "disk-full"])
      expect(refused.body["detail"]).toMatch(new RegExp(`^The disk of node ${name} has \\d+ bytes free, below the floor of`))
    }
    expect(pair[name].printed.match(/below the floor of \d+: writes are refused until there is room/g)).toHaveLength(1)
    expect(await sameDigests(pair)).toMatchObject({ digest })
    for (const node of pair.nodes) {
      expect((await node.fetch("/do/late")).status).toBe(404)
      expect((await node.fetch("/users/late")).status).toBe(404)
      expect((await node.fetch("/users/u1")).status).toBe(200)
    }
    expect(pair.a.running && pair.b.running).toBe(true)

    await pair[name].stop()
    pair[name].start()
    await pair.inSync()
    expect((await pair.a.do({ op: "user.create", data: { id: "late", email: "late@example.com" } }, "late")).status).toBe(200)
    await witness.settle(pair)
  })
})
