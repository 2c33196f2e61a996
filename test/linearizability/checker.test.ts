// What the checker says: the states an object may be in, and of what cannot be explained as little as shows it.
import { describe, expect, test } from "bun:test"
import { Random } from "../sim/random.ts"
import { checkLinearizable, NotLinearizable } from "./checker.ts"
import type { History, Operation } from "./history.ts"
import { type RegisterInput, registerModel, type RegisterOutput } from "./models/register.ts"
import { endStates, TooHard } from "./search.ts"
import { told, untold } from "./told.ts"

type Written = Operation<RegisterInput, RegisterOutput>

const read = { kind: "read" } as const
const write = (value: number): RegisterInput => ({ kind: "write", value })

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof NotLinearizable) return error.message
    throw error
  }
  throw new Error("it was explained")
}

/** Writes one after the other, with readers beside them, from 10 ms on. */
function longHistory(writes: number): Written[] {
  const random = new Random(1)
  return Array.from({ length: writes }, (_, n): Written[] => {
    const atMs = 10 * (n + 1)
    const last: RegisterOutput = n === 0 ? null : { value: n, version: n }
    return [told(atMs, atMs + 5, "w", write(n + 1), { version: n + 1 }), told(atMs + random.between(1, 4), atMs + 5, "r", read, random.chance(0.5) ? last : { value: n + 1, version: n + 1 })]
  }).flat()
}

describe("the states that are left", () => {
  test("are one, where the last writes were one after the other", () => {
    expect(checkLinearizable("it", registerModel, longHistory(50))).toEqual([{ value: 50, version: 50, isExact: true }])
  })

  test("are as many as there may be, and what begins with one of them is checked against it", () => {
    const first: History<RegisterInput, RegisterOutput> = [told(1, 2, "a", write(1), { version: 3 }), untold(1, "b", write(2))]
    const states = checkLinearizable("it", registerModel, first)
    expect(states.map(registerModel.text)).toEqual(["1 of version 3", "2 of version above 3"])
    const later = [told(5, 6, "a", read, { value: 2, version: 4 })]
    expect(checkLinearizable("it", registerModel, later, states.slice(1))).toEqual([{ value: 2, version: 4, isExact: true }])
    expect(() => checkLinearizable("it", registerModel, later, states.slice(0, 1))).toThrow(NotLinearizable)
  })
})

describe("what cannot be explained", () => {
  test("is told without anything that does not matter", () => {
    const stale = told(2_031, 2_032, "x", read, { value: 201, version: 201 })
    expect(messageOf(() => checkLinearizable("/notes/one at b", registerModel, [...longHistory(400), stale]))).toBe(
      [
        "P4: /notes/one at b is no register",
        "  at first: 202 of version 202",
        '       0.00 to          ms  w: {"kind":"write","value":203} → nobody knows',
        '       1.00 to     2.00 ms  x: {"kind":"read"} → {"value":201,"version":201}',
      ].join("\n"),
    )
  })

  test("is told with what was over only where it matters", () => {
    const history: Written[] = [told(1, 4, "a", write(1), { version: 1 }), told(2, 3, "b", read, { value: 1, version: 1 }), told(3.5, 6, "c", read, null)]
    expect(messageOf(() => checkLinearizable("it", registerModel, history)).split("\n").slice(1)).toEqual([
      "  at first: null of version 0",
      '       0.00 to     3.00 ms  a: {"kind":"write","value":1} → {"version":1}',
      '       1.00 to     2.00 ms  b: {"kind":"read"} → {"value":1,"version":1}',
      '       2.50 to     5.00 ms  c: {"kind":"read"} → null',
    ])
  })
})

test("a history that is too hard is no good history", () => {
  const unknown = Array.from({ length: 20 }, (_, n) => untold(n, `c${n}`, write(n)))
  const history = [...unknown, told(100, 101, "a", read, { value: -1, version: 1 })]
  expect(() => endStates(registerModel, history, { memoriesMax: 1_000 })).toThrow(TooHard)
})
