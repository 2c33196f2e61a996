// For how long a primary may take what it has for the newest.
import { describe, expect, test } from "bun:test"
import { Lease } from "../../src/protocol/lease.ts"

const timing = { heartbeatMs: 1_000, peerTimeoutMs: 5_000, syncTimeoutMs: 30_000, leaseMs: 10_000 }
const heard = (heardAtMs: number) => ({ heardAtMs, timing })

describe("the lease", () => {
  test("begins with the first sync, and lasts from when the replica was last heard (P4)", () => {
    const lease = new Lease()
    expect(lease.remainingMs(heard(1_000), 1_000)).toBe(0)
    lease.syncChanged(true, heard(1_000))
    expect(lease.remainingMs(heard(1_000), 2_000)).toBe(9_000)
    expect(lease.remainingMs(heard(2_000), 2_000)).toBe(10_000)
    expect(lease.remainingMs(heard(2_000), 12_000)).toBe(0)
  })

  test("runs on where the pair is not in sync any more, and what is heard then prolongs nothing, until it is again (P4)", () => {
    const lease = new Lease()
    lease.syncChanged(true, heard(1_000))
    lease.syncChanged(false, heard(3_000))
    expect([lease.inSync, lease.everInSync]).toEqual([false, true])
    expect(lease.remainingMs(heard(9_000), 9_000)).toBe(4_000)
    lease.syncChanged(false, heard(9_000))
    expect(lease.remainingMs(heard(20_000), 20_000)).toBe(-7_000)
    lease.syncChanged(true, heard(20_000))
    expect(lease.remainingMs(heard(20_000), 20_000)).toBe(10_000)
  })
})
