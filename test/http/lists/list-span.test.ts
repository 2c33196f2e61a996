// Spans of an index: what filters leave, together and alone.
import { describe, expect, test } from "bun:test"
import { isEmpty, isPoint, isWithin, narrowed, type Operator, type Span, spanOf, wholeSpan } from "../../../src/http/lists/list-span.ts"
import { nullValue, numberValue } from "../../../src/store/term-value.ts"

const span = (operator: Operator, value: number): Span => spanOf("age", "age@1", operator, numberValue(value))
const numbers = [1, 2, 3, 4, 5]

/** The numbers, and `null`, that are within. */
function within(one: Span): (number | null)[] {
  return [null, ...numbers].filter((number) => isWithin(one, number === null ? nullValue : numberValue(number)))
}

describe("a span", () => {
  test("holds what its operator says, and never what has no value", () => {
    const held = (["is", "gt", "gte", "lt", "lte"] as const).map((operator) => within(span(operator, 3)))
    expect(held).toEqual([[3], [4, 5], [3, 4, 5], [1, 2], [1, 2, 3]])
  })

  test("of the whole index holds everything", () => {
    expect(within(wholeSpan("age", "age@1"))).toEqual([null, ...numbers])
  })

  test("narrowed by another holds what both hold", () => {
    const operators = ["is", "gt", "gte", "lt", "lte"] as const
    for (const one of operators) {
      for (const other of operators) {
        for (const [a, b] of [[2, 4], [3, 3], [4, 2]] as const) {
          const both = narrowed(span(one, a), span(other, b))
          const expected = within(span(one, a)).filter((number) => within(span(other, b)).includes(number))
          expect([one, a, other, b, within(both)]).toEqual([one, a, other, b, expected])
          if (isEmpty(both)) expect(expected).toEqual([])
        }
      }
    }
  })

  test("is empty where nothing can be in it, and a point where it holds one value", () => {
    expect(isEmpty(narrowed(span("gt", 5), span("lt", 3)))).toBe(true)
    expect(isEmpty(narrowed(span("gt", 3), span("lte", 3)))).toBe(true)
    expect(isEmpty(narrowed(span("is", 2), span("is", 3)))).toBe(true)
    expect(isEmpty(narrowed(span("gte", 3), span("lte", 3)))).toBe(false)
    expect([span("is", 3), narrowed(span("gte", 3), span("lte", 3)), span("gte", 3), narrowed(span("gt", 2), span("lt", 4))].map(isPoint)).toEqual([true, true, false, false])
  })
})
