// Query parameters: what each kind takes, and that it takes just what its description says.
import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import { bounds } from "../../src/bounds.ts"
import { limitParameter } from "../../src/http/page.ts"
import { boundedText, choice, duration, flag, type Parameter, text, time, whole } from "../../src/http/parameter.ts"
import { routes } from "../../src/http/routes.ts"
import { isRefusal } from "../../src/refusal.ts"

const named = { name: "x", description: "" }

function read<Value>(parameter: Parameter<Value>, given?: string): unknown {
  const value = parameter.of(new Map(given === undefined ? [] : [[parameter.name, given]]))
  return isRefusal(value) ? value.pointer : value
}

describe("a parameter", () => {
  test("that is a limit is 1 to 500, and 50 where it is left out", () => {
    expect([read(limitParameter), read(limitParameter, "1"), read(limitParameter, "500")]).toEqual([bounds.pageLimitDefault, 1, bounds.pageLimitMax])
    for (const wrong of ["0", "501", "x", "", "-1", "1.5"]) expect([wrong, read(limitParameter, wrong)]).toEqual([wrong, "/limit"])
  })

  test("that is a whole number has its least, and may be left out", () => {
    const from = whole({ ...named, min: 2 })
    expect([read(from), read(from, "2"), read(from, "281474976710655")]).toEqual([undefined, 2, 2 ** 48 - 1])
    for (const wrong of ["1", "281474976710656"]) expect(read(from, wrong)).toBe("/x")
  })

  test("that is a flag is true or false", () => {
    expect([read(flag(named)), read(flag(named), "false"), read(flag(named), "true")]).toEqual([false, false, true])
    for (const wrong of ["1", "", "TRUE", "yes"]) expect(read(flag(named), wrong)).toBe("/x")
  })

  test("that is a choice is one of a few words, the first where it is left out; what is refused says them", () => {
    const onError = choice(["stop", "continue", "skip"], named)
    expect([read(onError), read(onError, "continue")]).toEqual(["stop", "continue"])
    expect(onError.of(new Map([["x", "Stop"]]))).toMatchObject({ detail: "The query parameter `x` must be `stop`, `continue` or `skip`." })
  })

  test("that is a time is one of a day that there is", () => {
    expect([read(time(named)), read(time(named), "1970-01-01T01:00:00.5+01:00")]).toEqual([undefined, 500])
    for (const wrong of ["", "2026-02-30T12:00:00Z", "1"]) expect(read(time(named), wrong)).toBe("/x")
  })

  test("that is a duration is one of bounded length", () => {
    const wait = duration({ ...named, maxMs: 30_000 })
    expect([read(wait), read(wait, "30s"), read(wait, "5ms")]).toEqual([undefined, 30_000, 5])
    for (const wrong of ["", "31s", "5", "1.5s", "-1s"]) expect(read(wait, wrong)).toBe("/x")
  })

  test("that is text is as it came; where it is bounded, well-formed and not longer than it may be", () => {
    expect([read(text(named)), read(text(named), "")]).toEqual([undefined, ""])
    const bounded = boundedText({ ...named, lengthMax: 3 })
    expect([read(bounded), read(bounded, "abc")]).toEqual([undefined, "abc"])
    for (const wrong of ["", "abcd", "a\0", "\ud800"]) expect(read(bounded, wrong)).toBe("/x")
  })
})

const all = [...new Map(routes.flatMap(({ about }) => about.query).map((parameter) => [parameter, parameter])).values()]
const texts = ["", "0", "1", "2", "50", "500", "501", "65536", "281474976710655", "281474976710656", "-1", "1.5", "x", "true", "false", "stop", "continue", "read", "write", "sync", "TRUE", "2026-03-01T12:00:00Z", "x".repeat(255), "x".repeat(257), "ada@example.com"]

test.each(all)("$name takes what its description says, and what it takes is so described", (parameter) => {
  for (const given of texts) {
    const value = parameter.of(new Map([[parameter.name, given]]))
    // What stands for this text where the description is applied: its number or truth, if it is such.
    const meant: unknown = /^(true|false|-?[0-9][0-9.]*)$/.test(given) ? JSON.parse(given) : given
    const fits = v.is(parameter.schema, given) || v.is(parameter.schema, meant)
    if (isRefusal(value)) expect([given, fits]).toEqual([given, false])
    else expect([given, fits]).toEqual([given, true])
  }
  expect(v.is(parameter.schema, undefined)).toBe(true)
})
