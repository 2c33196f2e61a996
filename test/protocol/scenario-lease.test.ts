// Scenarios of heartbeats and the lease: how long a primary may believe that it is one.
import { describe, expect, test } from "bun:test"
import { Pair, timing } from "./pair.ts"

describe("the lease", () => {
  test("is kept by heartbeats, one a second, for as long as they are answered", () => {
    const pair = Pair.inSync()
    pair.pass(3 * timing.leaseMs)
    expect(pair.a.phase.name).toBe("steady")
    expect(pair.read().split("\n").filter((line) => line === "a→b heartbeat")).toHaveLength(3 * timing.leaseMs / timing.heartbeatMs)
  })

  test("is over when nothing was heard for its length: stuck (P5)", () => {
    const pair = Pair.inSync()
    pair.hold("heartbeat")
    pair.pass(timing.leaseMs)
    expect(pair.a.phase.name).toBe("steady")
    pair.pass(200)
    expect(pair.read()).toMatchInlineSnapshot(`
      "a→b heartbeat
      a   stuck: nothing was heard from the replica for 10000 ms: the lease is over"
    `)
  })

  test("counts from when the answered request was sent, not from when its answer came (P5)", () => {
    const pair = Pair.inSync()
    pair.tick(timing.heartbeatMs)
    const sentAtMs = pair.nowMs
    pair.hold("heartbeat")
    pair.deliver("heartbeat")
    pair.tick(timing.leaseMs - 2_000)
    pair.deliver("heartbeat")
    expect(pair.a.heardAtMs).toBe(sentAtMs)
    pair.tick(2_000)
    expect(pair.a.phase.name).toBe("steady")
    pair.tick(1)
    expect(pair.a.phase.name).toBe("stuck")
  })

  test("a pause of the whole process: the first tick after it is stuck, before anything is sent (P5)", () => {
    const pair = Pair.inSync()
    pair.tick(60_000)
    expect(pair.read()).toMatchInlineSnapshot(`"a   stuck: nothing was heard from the replica for 10000 ms: the lease is over"`)
  })

  test("a pause after which an answer comes before the first tick: stuck, and nobody is told of a commit (P5)", () => {
    const pair = Pair.inSync()
    pair.hold("committed")
    pair.propose("x")
    pair.run()
    pair.read()
    pair.pause(timing.leaseMs + 1)
    pair.release("committed")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`"a   stuck: the commit of version 4 was not confirmed within 5000 ms"`)
  })

  test("a pause before the whole round: the answer to what was sent after it counts", () => {
    const pair = Pair.inSync()
    pair.pause(timing.leaseMs + 1)
    pair.propose("x")
    pair.run()
    expect(pair.read()).toContain("a   acknowledges 4")
    pair.tick()
    expect(pair.a.phase.name).toBe("steady")
  })

  test("votes and confirmations count as well", () => {
    const pair = Pair.inSync()
    pair.hold("heartbeat")
    for (let n = 0; n < 4; n++) {
      pair.pass(timing.leaseMs / 2)
      pair.propose("x")
      pair.run()
    }
    expect(pair.a.phase.name).toBe("steady")
  })

  test("an answer of an older link does not prolong it (I6)", () => {
    const pair = Pair.inSync()
    pair.tick(timing.heartbeatMs)
    pair.hold("heartbeat")
    pair.deliver("heartbeat")
    const late = pair.take("heartbeat")
    pair.tick(timing.leaseMs + 1)
    expect(pair.a.phase.name).toBe("stuck")
    pair.retry()
    const { heardAtMs } = pair.a
    pair.late(late)
    expect(pair.a.heardAtMs).toBe(heardAtMs)
    pair.run()
    pair.late(late)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("a lost heartbeat is followed by the next one in its time", () => {
    const pair = Pair.inSync()
    pair.tick(timing.heartbeatMs)
    pair.lose("heartbeat")
    pair.tick(timing.heartbeatMs - 1)
    expect(pair.underWay()).toEqual([])
    pair.tick(1)
    expect(pair.underWay()).toEqual(["heartbeat"])
  })
})
