// Fault 11 with two networks: the link between the nodes goes down, or the packets of one of them go nowhere, while clients reach both.
import { afterEach, describe, expect, test } from "bun:test"
import { exitCodes } from "../../src/runtime/exit.ts"
import { FewWrites } from "./few-writes.ts"
import { runCommand } from "./real-command.ts"
import { RealPair, until } from "./real-pair.ts"
import { mayMakeNetworks, type Sender, TwoNetworks } from "./two-networks.ts"
import { Witness } from "./witness.ts"

const flags = ["--peer-timeout", "2s", "--lease", "4s", "--sync-timeout", "3s"]

const pairs: RealPair[] = []
const networks: TwoNetworks[] = []
afterEach(async () => {
  await Promise.all(pairs.splice(0).map((pair) => pair.remove()))
  for (const both of networks.splice(0)) both.remove()
})

interface Started {
  readonly both: TwoNetworks
  readonly pair: RealPair
  readonly witness: Witness
  readonly writes: FewWrites
}

async function pairOnTwoNetworks(): Promise<Started> {
  const both = new TwoNetworks()
  networks.push(both)
  const pair = await RealPair.make({ flags, places: both.places })
  pairs.push(pair)
  await pair.start()
  const witness = new Witness()
  const writes = new FewWrites(pair, witness)
  for (let n = 0; n < 4; n++) expect(await writes.next()).toBe("acknowledged")
  return { both, pair, witness, writes }
}

describe.skipIf(!mayMakeNetworks)("nodes on two networks (needs leave to make some)", () => {
  const troubles: readonly (readonly [what: string, begin: (both: TwoNetworks) => void, end: (both: TwoNetworks) => void])[] = [
    ["whose link goes down", (both) => both.cut(), (both) => both.mend()],
    ...(["a", "b"] satisfies Sender[]).map((sender) => [`of which node ${sender} is not heard by the other one`, (both: TwoNetworks) => both.silence(sender), (both: TwoNetworks) => both.unsilence(sender)] as const),
  ]

  test.each(troubles)("%s: nobody is told what is not so, and they come together again (P1, P3, P4, I10)", async (_, begin, end) => {
    const { both, pair, witness, writes } = await pairOnTwoNetworks()
    const { a, b } = pair
    begin(both)
    expect(await writes.next()).toBe("unknown")
    expect(await a.ended).toEqual({ code: exitCodes.stuck, signal: null })
    a.start()
    expect(await a.ended).toEqual({ code: exitCodes.stuck, signal: null })
    expect(await witness.look(b, "/users/u1")).toBeDefined()
    end(both)
    pair.supervise()
    a.start()
    await witness.settle(pair)
    expect(await writes.next()).toBe("acknowledged")
    expect(b.starts).toBe(1)
    await witness.settle(pair)
  })

  test("whose link is down while the replica is promoted: the old primary acknowledges and shows nothing, and is fenced as soon as the link is back (P1, P4, P5)", async () => {
    const { both, pair, witness } = await pairOnTwoNetworks()
    const { a, b } = pair
    pair.supervise()
    both.cut()
    // Clients of the old primary go on, and are told nothing of which they are sure.
    const late: string[] = []
    let isPromoted = false
    const client = (async () => {
      for (let n = 0; !isPromoted; n++) {
        const { kind } = await witness.write(a, { op: "document.put", data: { collection: "notes", id: "one", value: { title: `late ${n}` } } }, `late-${n}`)
        if (kind === "acknowledged") late.push(`late-${n}`)
        await witness.look(a, "/notes/one")
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    })()
    await until("it is promoted", async () => (await b.decide("promote", { solo: true, reason: "the link is down" })).status === 200, () => pair.printed)
    isPromoted = true
    await client
    expect(late).toEqual([])
    pair.primary = b
    await until("it writes alone", async () => {
      const told = await witness.write(b, { op: "document.put", data: { collection: "notes", id: "one", value: { title: "new" } } }, "new")
      if (told.kind === "acknowledged") witness.expectAtLeast("/notes/one", told.version)
      return told.kind === "acknowledged"
    }, () => b.printed)
    // Also while it starts again.
    for (let n = 0; n < 20; n++) {
      await witness.look(a, "/notes/one")
      await new Promise((resolve) => setTimeout(resolve, 50))
    }

    both.mend()
    await until("it is fenced", () => a.hasGivenUp(), () => a.printed)
    expect(await a.ended).toEqual({ code: exitCodes.fenced, signal: null })
    const { code, err } = await runCommand(["rejoin", ...a.flags], { program: a.program, under: a.place.under })
    expect([code, err]).toEqual([0, expect.anything()])
    a.start()
    await witness.settle(pair)
  })
})
