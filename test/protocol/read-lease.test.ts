// How long a replica shows what it has as the newest, against what its primary waits for before it acknowledges alone.
import { describe, expect, test } from "bun:test"
import type { Envelope } from "../../src/protocol/messages.ts"
import { ReadLease, soloWaitMs } from "../../src/protocol/read-lease.ts"
import { Random } from "../sim/random.ts"
import { Pair, timing } from "./pair.ts"

const envelope = (link: number, sentAtMs: number): Envelope => ({ ...Pair.inSync().envelope(), link, sentAtMs })

describe("the lease of a replica's reads", () => {
  test("has nothing left before a message of the link", () => {
    const lease = new ReadLease()
    lease.heard(envelope(0, 100), "heartbeat", 100)
    lease.opened(1, 100, 100)
    lease.heard(envelope(1, 100), "hello", 100)
    lease.heard(envelope(1, 100), "position", 100)
    lease.heard(envelope(2, 100), "heartbeat", 100)
    expect(lease.leftMs(10_000, 100)).toBe(0)
  })

  test("counts from when a message was sent, by the one that was under way for the shortest time", () => {
    const lease = new ReadLease()
    lease.opened(1, 900, 50_920)
    lease.heard(envelope(1, 1_000), "commit", 51_020)
    expect(lease.leftMs(10_000, 51_020)).toBe(10_000)
    lease.heard(envelope(1, 2_000), "heartbeat", 52_000)
    expect(lease.leftMs(10_000, 52_000)).toBe(10_000)
    // Under way for eight seconds: it is worth only two.
    lease.heard(envelope(1, 3_000), "heartbeat", 61_000)
    expect(lease.leftMs(10_000, 61_000)).toBe(2_000)
  })

  test("begins anew with each link: another process of the primary has another clock", () => {
    const lease = new ReadLease()
    lease.opened(1, 1_000_000, 5_000)
    lease.heard(envelope(1, 1_000_000), "heartbeat", 5_000)
    lease.opened(2, 10, 6_000)
    expect(lease.leftMs(10_000, 6_000)).toBe(0)
    lease.heard(envelope(2, 10), "heartbeat", 6_000)
    expect(lease.leftMs(10_000, 6_000)).toBe(10_000)
  })

  test("is over before its primary may be solo, however long messages are under way (P4)", () => {
    const random = new Random(1)
    for (let n = 0; n < 2_000; n++) {
      const lease = new ReadLease()
      const skewMs = random.between(-100_000, 100_000)
      // What opened the link came in time, or there were no others.
      const openedAtMs = random.between(0, timing.peerTimeoutMs)
      lease.opened(1, 0, openedAtMs + skewMs)
      let lastSentMs = openedAtMs
      const arrivals: { readonly atMs: number; readonly sentAtMs: number }[] = []
      for (let sentAtMs = openedAtMs; sentAtMs < 20_000; sentAtMs += random.between(100, 2_000)) {
        arrivals.push({ atMs: sentAtMs + random.between(0, 60_000), sentAtMs })
        lastSentMs = sentAtMs
      }
      const soloFromMs = lastSentMs + soloWaitMs(timing)
      for (const { atMs, sentAtMs } of arrivals.sort((a, b) => a.atMs - b.atMs)) {
        lease.heard(envelope(1, sentAtMs), "heartbeat", atMs + skewMs)
        for (const nowMs of [atMs, soloFromMs, soloFromMs + 1_000]) if (nowMs >= Math.max(atMs, soloFromMs)) expect(lease.leftMs(timing.leaseMs, nowMs + skewMs)).toBeLessThanOrEqual(0)
      }
    }
  })
})
