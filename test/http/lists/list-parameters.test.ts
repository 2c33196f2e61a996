// What the URL of a list says: filters, order, fields, and what cannot be any of them.
import { describe, expect, test } from "bun:test"
import { parseListParameters } from "../../../src/http/lists/list-parameters.ts"
import { isRefusal } from "../../../src/refusal.ts"

const parsed = (query: string) => parseListParameters(`http://tandem.test/goals?${query}`)

function said(query: string): unknown {
  const parameters = parsed(query)
  if (isRefusal(parameters)) return parameters.pointer
  const { filters, sort, fields, count, unknown } = parameters
  return { filters: filters.map(({ field, operator, text }) => `${field} ${operator} ${text}`), sort, fields, count, unknown }
}

describe("the parameters of a list", () => {
  test("are filters, but for those that every list has", () => {
    const all = "owner=1&age.gt=2&age.lte=%C3%A9+x&sort=-age&fields=a,b&count=true&limit=5&at=3"
    expect(said(all)).toEqual({ filters: ["owner is 1", "age gt 2", "age lte é x"], sort: { field: "age", reverse: true }, fields: ["a", "b"], count: true, unknown: [] })
    expect(said("")).toEqual({ filters: [], sort: undefined, fields: undefined, count: false, unknown: [] })
  })

  test("that can be no field are told apart", () => {
    for (const name of ["age.ne", "age.", "age.gt.gt", ".gt", "a-b", "1a", "x".repeat(64), "ä", "", "limit.gt."]) {
      expect([name, said(`${encodeURIComponent(name)}=1`)]).toMatchObject([name, { filters: [], unknown: [name] }])
    }
    expect(said("__proto__=1&constructor=1&toString.gt=1")).toMatchObject({ filters: ["constructor is 1", "toString gt 1"], unknown: ["__proto__"] })
  })

  test("are refused by name where they are there twice or are none", () => {
    const wrong = { "owner=1&owner=1": "/owner", "age.gt=1&age.gt=2": "/age.gt", "sort=a&sort=b": "/sort", "sort=": "/sort", "sort=--a": "/sort", "sort=a,b": "/sort", "sort=a.gt": "/sort", "fields=": "/fields", "fields=a,": "/fields", "fields=a,b,a": "/fields", "count=1": "/count", "count=": "/count", "limit=0": "/limit", "cursor=*": "/cursor", "cursor=": "/cursor", "a=%ff": undefined }
    for (const [query, pointer] of Object.entries(wrong)) expect([query, said(query)]).toEqual([query, pointer])
  })
})
