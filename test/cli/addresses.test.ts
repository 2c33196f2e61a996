// Addresses, URLs and origins, as settings hold them.
import { describe, expect, test } from "bun:test"
import { parseAddress, parseOrigin, parseUrl } from "../../src/cli/addresses.ts"

describe("an address", () => {
  test("is host:port, an IPv6 address in brackets, or a port on every interface", () => {
    expect(["127.0.0.1:4000", "localhost:0", "[::1]:80", ":4000", "a-b.internal:65535"].map(parseAddress)).toEqual([
      { hostname: "127.0.0.1", port: 4000 },
      { hostname: "localhost", port: 0 },
      { hostname: "::1", port: 80 },
      { hostname: "::", port: 4000 },
      { hostname: "a-b.internal", port: 65_535 },
    ])
  })

  test("is nothing else", () => {
    for (const wrong of ["4000", "host", "host:", "::1:80", "host:65536", "http://host:80", "ho st:80", ""]) expect(parseAddress(wrong)).toBeUndefined()
  })
})

describe("a URL", () => {
  test("loses the slash at its end and keeps its path", () => {
    expect(["http://a:1/", "https://a.example/tandem/", "http://[::1]:4000"].map(parseUrl)).toEqual(["http://a:1", "https://a.example/tandem", "http://[::1]:4000"])
  })

  test("is http or https, without query, fragment or a secret in it", () => {
    for (const wrong of ["a:1", "ftp://a", "http://a?b=1", "http://a#b", "http://me:secret@a", "nowhere", ""]) expect(parseUrl(wrong)).toBeUndefined()
  })
})

test("an origin has no path", () => {
  expect(parseOrigin("https://app.example")).toBe("https://app.example")
  expect(parseOrigin("https://app.example/")).toBe("https://app.example")
  for (const wrong of ["https://app.example/app", "app.example", "*", "null", "https://APP.example"]) expect(parseOrigin(wrong)).toBeUndefined()
})
