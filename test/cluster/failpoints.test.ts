// Fault 1: the real program dies at every failpoint, before and after every step of a write, on either node; then it is
// started again in every order that makes sense, and nothing that was promised may have changed. Those of other work are killed at by
// the tests that test/proof/failpoint-groups.ts names.
import { describe, test } from "bun:test"
import { groupOf, groups } from "../proof/failpoint-groups.ts"
import { failpoints } from "../../src/runtime/failpoint.ts"
import { killAt, orders } from "./killed-at.ts"
import { Turnstile } from "./turnstile.ts"

/** Of the failpoints, each with a pair for each order. */
const atOnce = new Turnstile(3)

describe("killed at", () => {
  test.concurrent.each(failpoints.filter((name) => groupOf(name) === groups.write))("%s, a pair keeps what it acknowledged and resolves what it did not (P1, P2, P3)", async (failpoint) => {
    await atOnce.pass(() => Promise.all(orders.map((order) => killAt(failpoint, order))))
  })
})
