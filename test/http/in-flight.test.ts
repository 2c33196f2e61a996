// The cap on requests that wait: counted while they wait, whichever way they end.
import { expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { InFlight } from "../../src/http/in-flight.ts"

test("is full at its bound, and no more once one is answered or has failed", async () => {
  const inFlight = new InFlight()
  const ends: ((response: Response | Error) => void)[] = []
  const held = Array.from({ length: bounds.requestsInFlightMax }, () =>
    inFlight.hold(new Promise((resolve, reject) => ends.push((end) => (end instanceof Error ? reject(end) : resolve(end))))).catch(() => undefined),
  )
  expect(inFlight.full()).toBe(true)
  ends[0]?.(new Response())
  await held[0]
  expect(inFlight.full()).toBe(false)
  inFlight.enter()
  expect(inFlight.full()).toBe(true)
  ends[1]?.(new Error("broken"))
  await held[1]
  expect(inFlight.full()).toBe(false)
  inFlight.enter()
  inFlight.leave()
  expect(inFlight.full()).toBe(false)
})

test("does not count while it rests with something else that has bounds", async () => {
  const inFlight = new InFlight()
  for (let n = 0; n < bounds.requestsInFlightMax - 1; n++) inFlight.enter()
  let end: () => void = () => undefined
  const rest = inFlight.spare(new Promise<void>((resolve) => { end = resolve }))
  const held = inFlight.hold(rest.then(() => new Response()))
  expect(inFlight.full()).toBe(false)
  inFlight.enter()
  expect(inFlight.full()).toBe(true)
  inFlight.leave()
  end()
  await held
  await held
  inFlight.enter()
  expect(inFlight.full()).toBe(true)
})
