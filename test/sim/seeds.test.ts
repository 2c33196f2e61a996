// What the simulator has found: the seeds that failed, and each finding as the step that was wrong, for seeds change
// their meaning with the simulator.
import { describe, expect, test } from "bun:test"
import { startCoordinator } from "../../src/protocol/coordinator-state.ts"
import { stepCoordinator } from "../../src/protocol/coordinator.ts"
import { genesisDigest } from "../../src/protocol/digest.ts"
import { simulate } from "./simulate.ts"

const found: readonly (readonly [seed: number, why: string])[] = [[51, "while a primary greeted, a refusal of a request of its earlier session counted as the answer"]]

describe("seeds that failed once", () => {
  test.each(found)("%d: %s", (seed) => {
    expect(simulate(seed).acknowledged).toBeGreaterThan(0)
  })
})

describe("a primary that greets", () => {
  const timing = { heartbeatMs: 1_000, peerTimeoutMs: 2_000, syncTimeoutMs: 15_000, leaseMs: 4_000 }
  const epoch = { number: 1, id: "first" }
  const started = startCoordinator({ node: "a", cluster: "cluster", epoch, mode: "paired", lacking: false, session: "a2", publicUrl: "", timing, logStart: 1, nowMs: 0, head: 0, headDigest: genesisDigest, committed: 0 })
  const greeting = stepCoordinator(started, { event: "tick" }).state

  test.each(["fenced", "foreign-cluster", "session"] as const)("is not moved by a refusal (%s) that an earlier session of it was given (I6)", (code) => {
    const envelope = { protocol: 1, cluster: "cluster", node: "b", epoch, session: "b1", peerSession: "a1", link: 0, sentAtMs: 0 }
    const step = stepCoordinator(greeting, { event: "answer", envelope, answer: { kind: "refused", of: "hello", code, detail: "no" } })
    expect(step).toEqual({ state: greeting, effects: [] })
  })
})
