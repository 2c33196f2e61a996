// The search against the definition, on thousands of small histories good and bad, and on long ones that only the search can manage.
import { describe, expect, test } from "bun:test"
import { Random } from "../sim/random.ts"
import { hasAnOrder } from "./brute-force.ts"
import { isLinearizable } from "./checker.ts"
import { generated, type Implementation, spoiled } from "./generated-history.ts"
import type { Model, Operation } from "./history.ts"
import { type CounterInput, counterModel, type CounterOutput } from "./models/counter.ts"
import { type GroupInput, groupModel, type GroupOutput } from "./models/group.ts"
import { type RegisterInput, registerModel, type RegisterOutput } from "./models/register.ts"

function register(): Implementation<RegisterInput, RegisterOutput> {
  let holds: { readonly value: number; readonly version: number } | null = null
  let version = 0
  let values = 0
  return {
    ask: (random) => random.pick([{ kind: "read" }, { kind: "read" }, { kind: "write", value: ++values }, { kind: "delete" }] as const),
    do: (input) => {
      if (input.kind === "read" || (input.kind === "delete" && holds === null)) return holds
      version++
      holds = input.kind === "write" ? { value: input.value, version } : null
      return { version }
    },
  }
}

function counter(): Implementation<CounterInput, CounterOutput> {
  let count = 0
  return {
    ask: (random) => (random.chance(0.3) ? { kind: "read" } : { kind: "add", by: random.between(-2, 2), min: 0, max: 3 }),
    do: (input) => {
      if (input.kind === "read") return count
      const sum = count + input.by
      if (sum < input.min || sum > input.max) return null
      count = sum
      return sum
    },
  }
}

function group(): Implementation<GroupInput, GroupOutput> {
  const ids = new Set<string>()
  return {
    ask: (random) => (random.chance(0.4) ? { kind: "list" } : { kind: random.pick(["create", "delete"] as const), id: random.pick(["x", "y"]) }),
    do: (input) => {
      if (input.kind === "list") return [...ids].sort()
      const isThere = ids.has(input.id)
      if (input.kind === "create") ids.add(input.id)
      else ids.delete(input.id)
      return input.kind === "create" ? !isThere : isThere
    },
  }
}

interface Kind {
  readonly name: string
  /** Histories of one seed; whether each has an order by the search and by the definition. */
  readonly verdicts: (seed: number) => readonly { readonly found: boolean; readonly true: boolean }[]
  readonly long: (seed: number) => { readonly good: boolean; readonly spoiled: boolean }
}

function kind<State, Input, Output>(name: string, model: Model<State, Input, Output>, make: () => Implementation<Input, Output>): Kind {
  const both = (history: readonly Operation<Input, Output>[]) => ({ found: isLinearizable(model, history), true: hasAnOrder(model, history) })
  return {
    name,
    verdicts: (seed) => {
      const random = new Random(seed)
      const history = generated(make(), random, { operations: random.between(2, 7), clients: 3, unknown: 0.2 })
      return [both(history), both(spoiled(history, random))]
    },
    long: (seed) => {
      const random = new Random(seed)
      const history = generated(make(), random, { operations: 2_000, clients: 6, unknown: 0.003 })
      const last = history.findLastIndex(({ output }) => output !== undefined)
      const impossible = history.map((operation, n) => (n === last ? { ...operation, input: readOf(model, history), output: [-1] as Output } : operation))
      return { good: isLinearizable(model, history), spoiled: isLinearizable(model, impossible) }
    },
  }
}

function readOf<State, Input, Output>(model: Model<State, Input, Output>, history: readonly Operation<Input, Output>[]): Input {
  const read = history.find(({ input }) => model.isRead(input, undefined))
  if (read === undefined) throw new Error("nobody reads")
  return read.input
}

const kinds = [kind("registers", registerModel, register), kind("counters", counterModel, counter), kind("sets", groupModel, group)]

describe.each(kinds)("of $name", ({ verdicts, long }) => {
  test("it finds an order exactly where there is one", () => {
    let good = 0
    let bad = 0
    for (let seed = 1; seed <= 1_500; seed++) {
      const [asMade, spoilt] = verdicts(seed)
      expect([seed, asMade]).toEqual([seed, { found: true, true: true }])
      expect([seed, spoilt?.found]).toEqual([seed, spoilt?.true])
      if (spoilt?.true === true) good++
      else bad++
    }
    // Else the comparison says little.
    expect(good).toBeGreaterThan(100)
    expect(bad).toBeGreaterThan(100)
  })

  test("it finds one in long histories, and none where the last answer is made up", () => {
    for (let seed = 1; seed <= 3; seed++) expect([seed, long(seed)]).toEqual([seed, { good: true, spoiled: false }])
  })
})
