// Plans of lists, as a table: filters, order and sizes in, the index that is walked out.
import { describe, expect, test } from "bun:test"
import { type ListOrder, orderOf, type Plan, planCount, planList, possibleOrders } from "../../../src/http/lists/list-plan.ts"
import { narrowed, type Span, spanOf } from "../../../src/http/lists/list-span.ts"
import { numberValue } from "../../../src/store/term-value.ts"

/** `a=` is equality, `a>` a range, `a!` a contradiction. */
function spanFrom(text: string): Span {
  const field = text.slice(0, -1)
  const of = (operator: "is" | "gt" | "lt", value: number): Span => spanOf(field, `${field}@1`, operator, numberValue(value))
  if (text.endsWith("=")) return of("is", 1)
  return text.endsWith(">") ? of("gt", 1) : narrowed(of("gt", 2), of("lt", 1))
}

function sortFrom(text: string): ListOrder | undefined {
  if (text === "") return undefined
  const field = text.replace("-", "")
  return { field, term: `${field}@1`, reverse: text.startsWith("-") }
}

function shown(plan: Plan): string {
  if (plan.kind === "nothing" || plan.kind === "all") return plan.kind
  const rest = plan.rest.map(({ field }) => field).join(" ")
  const filtered = rest === "" ? "" : `, filter ${rest}`
  if (plan.kind === "walk") return `walk ${plan.along.field}${plan.along.from === undefined ? " whole" : ""}${plan.reverse ? " down" : ""}${filtered}`
  return `sort ${plan.along.field} by ${plan.by.field}${plan.by.reverse ? " down" : ""}${filtered}, else ${shown(plan.otherwise)}`
}

const sortMax = 100
const many = sortMax + 1
const few = sortMax

interface Case {
  readonly spans: string
  readonly sort?: string
  /** Of the indexes whose size is known; others must not be asked for. */
  readonly sizes?: Readonly<Record<string, number>>
  readonly plan: string
  readonly order?: string
}

const cases: readonly Case[] = [
  { spans: "", plan: "all" },
  { spans: "a=", plan: "walk a" },
  { spans: "a>", plan: "walk a", order: "a" },
  { spans: "a!", plan: "nothing", order: "a" },
  { spans: "a= b!", plan: "nothing" },
  { spans: "a= b=", sizes: { a: 5, b: 3 }, plan: "walk b, filter a" },
  { spans: "a= b=", sizes: { a: 3, b: 3 }, plan: "walk a, filter b" },
  { spans: "a= b>", plan: "walk a, filter b" },
  { spans: "b> a=", plan: "walk a, filter b" },
  { spans: "a> b>", sizes: { a: 5, b: 3 }, plan: "walk b, filter a", order: "b" },
  { spans: "a> b>", sizes: { a: 3, b: 5 }, plan: "walk a, filter b", order: "a" },
  { spans: "", sort: "s", plan: "walk s whole", order: "s" },
  { spans: "", sort: "-s", plan: "walk s whole down", order: "-s" },
  { spans: "s>", sort: "-s", plan: "walk s down", order: "-s" },
  { spans: "s=", sort: "-s", plan: "walk s down", order: "-s" },
  { spans: "a>", sort: "s", plan: "walk s whole, filter a", order: "s" },
  { spans: "a=", sort: "-s", sizes: { a: few }, plan: "sort a by s down, else walk s whole down, filter a", order: "-s" },
  { spans: "a=", sort: "s", sizes: { a: many }, plan: "walk s whole, filter a", order: "s" },
  { spans: "a= b=", sort: "s", sizes: { a: many, b: 7 }, plan: "sort b by s, filter a, else walk s whole, filter a b", order: "s" },
  { spans: "a= b>", sort: "s", sizes: { a: 7 }, plan: "sort a by s, filter b, else walk s whole, filter a b", order: "s" },
  { spans: "a= s>", sort: "s", sizes: { a: 7, s: 8 }, plan: "sort a by s, filter s, else walk s, filter a", order: "s" },
  { spans: "a= s>", sort: "s", sizes: { a: 7, s: 7 }, plan: "walk s, filter a", order: "s" },
  { spans: "a= s!", sort: "s", plan: "nothing", order: "s" },
]

describe("a list", () => {
  for (const { spans, sort = "", sizes = {}, plan, order = "" } of cases) {
    const sized = Object.entries(sizes).map(([field, size]) => `${field} ${size}`).join(", ")
    test(`of [${spans}]${sort === "" ? "" : ` sorted by ${sort}`}${sized === "" ? "" : ` where there are ${sized}`}: ${plan}`, () => {
      const known = spans.split(" ").filter((text) => text !== "").map(spanFrom)
      const sizeOf = ({ field }: Span): number => {
        const size = sizes[field]
        if (size === undefined) throw new Error(`the size of ${field} was asked for`)
        return size
      }
      const chosen = orderOf(known, sortFrom(sort), sizeOf)
      expect(chosen).toEqual(sortFrom(order))
      expect(shown(planList(known, chosen, sizeOf, { sortMax }))).toBe(plan)
      const possible = possibleOrders(known, sortFrom(sort))
      expect(chosen === undefined ? possible : possible.filter(({ field }) => field === chosen.field)).toEqual(chosen === undefined ? [] : [chosen])
    })
  }
})

describe("a count", () => {
  test("goes by the smallest span, whatever the order", () => {
    const sizes: Readonly<Record<string, number>> = { a: 5, b: 3, c: 3 }
    const counted = (spans: string): string => shown(planCount(spans.split(" ").filter((text) => text !== "").map(spanFrom), ({ field }) => sizes[field] ?? 0))
    expect(["", "a=", "a> b>", "b> c=", "a= b!"].map(counted)).toEqual(["all", "walk a", "walk b, filter a", "walk c, filter b", "nothing"])
  })
})
