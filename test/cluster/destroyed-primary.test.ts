// Fault 4: the primary dies at a step of a write and its disk is gone; its replica, which may have died at that step as well, is promoted.
// What clients were told and shown is there, and what they were not told of has one outcome under its key.
import { describe, expect, test } from "bun:test"
import { rmSync } from "node:fs"
import { type Failpoint, failpointVariable } from "../../src/runtime/failpoint.ts"
import { FewWrites } from "./few-writes.ts"
import type { RealNode } from "./real-node.ts"
import { RealPair, until } from "./real-pair.ts"
import { Turnstile } from "./turnstile.ts"
import { type Attempt, Witness } from "./witness.ts"
import { writeSteps } from "./write-steps.ts"

const flags = ["--peer-timeout", "2s"]
const atOnce = new Turnstile(4)

describe("the primary and its disk are destroyed at", () => {
  test.concurrent.each(writeSteps)("%s, and its replica is promoted: nothing is lost, and nothing is there twice (P1, P2, P3)", (step) =>
    atOnce.pass(async () => {
      const pair = await RealPair.make({ flags })
      try {
        await destroyAt(pair, step)
      } finally {
        await pair.remove()
      }
    }),
  )
})

async function destroyAt(pair: RealPair, step: Failpoint): Promise<void> {
  const { a, b } = pair
  const witness = new Witness()
  const writes = new FewWrites(pair, witness)
  const victim = step.startsWith("primary.") ? a : b
  victim.start({ environment: { [failpointVariable]: `${step}:5` } })
  await pair.start()
  await writes.until(() => !victim.running)
  expect(await victim.ended).toEqual({ code: null, signal: "SIGKILL" })
  await a.stop("SIGKILL")
  rmSync(a.data, { recursive: true })
  if (!b.running) b.start()
  // By force, since nobody need wait for the lease of a primary that is gone.
  await until("b is promoted", async () => (await b.decide("promote", { solo: true, force: true, reason: "a is gone" }).catch(() => undefined))?.status === 200, () => b.printed)

  const { committed, head } = (await b.json("/status")) as { readonly committed: number; readonly head: number }
  expect(committed).toBe(head)
  const attempts = attemptsOf(witness)
  expect([...attempts.values()].filter(({ told }) => told.kind === "acknowledged").length).toBeGreaterThanOrEqual(3)
  for (const [key, { body, told }] of attempts) {
    const outcome = await b.fetch(`/do/${key}`)
    if (told.kind === "acknowledged") expect([key, await outcome.json()]).toEqual([key, { outcome: "committed", version: told.version }])
    if (told.kind === "refused") expect([key, outcome.status]).toEqual([key, 404])
    const before = outcome.status === 200 && told.kind === "unknown" ? ((await outcome.json()) as { readonly version: number }).version : undefined
    const again = await written(b, body, key)
    if (told.kind === "acknowledged") expect([key, again["version"], again["results"]]).toEqual([key, told.version, told.results.map(withoutSecret)])
    if (before !== undefined) expect([key, again["version"]]).toEqual([key, before])
  }
  const { items } = (await b.json("/log?from=1&limit=500")) as { readonly items: readonly { readonly key: string | null }[] }
  const keys = items.flatMap(({ key }) => (key === null ? [] : [key]))
  expect(keys.toSorted()).toEqual([...attempts.keys()].toSorted())
  expect(((await b.json("/status/verify")) as { readonly problems: unknown }).problems).toEqual([])
}

/** It answers no write before it has logged that it was promoted. */
async function written(node: RealNode, body: object, key: string): Promise<{ readonly [name: string]: unknown }> {
  let answer = await node.do(body, key)
  await until(`${key} is acknowledged`, async () => answer.status !== 503 || (answer = await node.do(body, key)).status !== 503, () => node.printed)
  expect([key, answer.status]).toEqual([key, 200])
  return answer.body
}

/** Shown once. */
function withoutSecret(result: unknown): unknown {
  return Object.fromEntries(Object.entries(result as object).filter(([name, value]) => name !== "key" || !String(value).startsWith("tk_")))
}

function attemptsOf(witness: Witness): Map<string, Attempt> {
  const attempts = new Map<string, Attempt>()
  for (let n = 0; witness.has(`write-${n}`); n++) attempts.set(`write-${n}`, witness.attemptAt(`write-${n}`))
  return attempts
}
