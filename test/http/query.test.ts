// Query parameters, cursors and tags: what is taken, and that nothing is guessed.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { cursorText, parseCursor } from "../../src/http/lists/cursor.ts"
import { etagOf, noneMatch } from "../../src/http/etag.ts"
import { parseQuery, parseWhole, wholeParameter } from "../../src/http/query.ts"
import { nullValue, numberValue, textValue } from "../../src/store/term-value.ts"
import { isRefusal } from "../../src/refusal.ts"

const url = (query: string) => `http://tandem.test/users?${query}`

function entriesOf(query: string, allowed: readonly string[] = ["at", "limit"]): unknown {
  const parsed = parseQuery(url(query), allowed.map((name) => ({ name })))
  return isRefusal(parsed) ? parsed.pointer : Object.fromEntries(parsed)
}

describe("a query", () => {
  test("is decoded, and may be empty", () => {
    expect(entriesOf("at=%31&limit=+5")).toEqual({ at: "1", limit: " 5" })
    expect([entriesOf(""), entriesOf("&&")]).toEqual([{}, {}])
    expect(parseQuery("http://tandem.test/users", [])).toEqual(new Map())
  })

  test("has known parameters, each once, and whole escapes", () => {
    expect(entriesOf("at=1&colour=red")).toBe("/colour")
    expect(entriesOf("at=1&at=1")).toBe("/at")
    expect(entriesOf("a/b~c=1")).toBe("/a~1b~0c")
    for (const broken of ["at=%", "at=%f", "at=%zz", "at=%ff", "at=%e2%28%a1", "%ff=1"]) expect([broken, entriesOf(broken)]).toEqual([broken, undefined])
    for (const name of ["__proto__", "constructor", "toString", "AT"]) expect(entriesOf(`${name}=1`)).toBe(`/${name}`)
  })

  test("that is unknown is named, not at any length", () => {
    const refusal = parseQuery(url(`${"x".repeat(5_000)}=1`), [])
    expect(JSON.stringify(refusal).length).toBeLessThan(400)
  })
})

describe("a whole number", () => {
  test("is plain digits up to 48 bits", () => {
    expect(["0", "1", "007", "281474976710655"].map(parseWhole)).toEqual([0, 1, 7, 281_474_976_710_655])
    for (const text of ["", "-1", "+1", "1.0", "1e3", " 1", "1 ", "0x1", "١", "281474976710656", "9".repeat(17), "1_000"]) expect([text, parseWhole(text)]).toEqual([text, undefined])
  })

  test("as a parameter is refused by its name", () => {
    expect(wholeParameter(new Map([["at", "x"]]), "at")).toMatchObject({ code: "malformed", pointer: "/at" })
    expect(wholeParameter(new Map(), "at")).toBeUndefined()
  })
})

describe("a cursor", () => {
  test("leads back to its listing, version and place, whatever the id", () => {
    for (const after of ["a", "用".repeat(bounds.idLengthMax), "a/b?c", "\u{1f600}", " "]) {
      const cursor = { listing: "goals", version: 281_474_976_710_655, after }
      expect(parseCursor(cursorText(cursor), "goals")).toEqual(cursor)
    }
  })

  test("of a list in the order of a field leads back to the value, too", () => {
    for (const value of [nullValue, textValue(""), textValue("語"), numberValue(-1.5)]) {
      const cursor = { listing: "goals", version: 7, after: "g1", by: { field: "age", value: Buffer.from(value) } }
      expect(parseCursor(cursorText(cursor), "goals")).toEqual(cursor)
      expect(parseCursor(cursorText(cursor), "goals?")).toMatchObject({ pointer: "/cursor" })
    }
    const long = (length: number) => parseCursor(cursorText({ listing: "goals", version: 7, after: "g1", by: { field: "age", value: Buffer.alloc(length, 0x35) } }), "goals")
    expect([long(bounds.keyBytesMax - 100), long(bounds.keyBytesMax), long(5 * bounds.keyBytesMax)]).toMatchObject([{ after: "g1" }, { pointer: "/cursor" }, { pointer: "/cursor" }])
  })

  test("is good for its own listing only, in the one spelling that was given out", () => {
    const text = cursorText({ listing: "goals", version: 7, after: "g1" })
    for (const listing of ["goal", "goalsg", "notes", "goals/g1/history"]) expect(parseCursor(text, listing)).toMatchObject({ pointer: "/cursor" })
    const forged = [
      "", "A", "AAAAAAAA", `${text}=`, `${text}A`, text.slice(0, -1), ` ${text}`, text.replace(/^./, "-"), "x".repeat(100_000),
      cursorText({ listing: "goals", version: 7, after: "" }), cursorText({ listing: "goals", version: 7, after: "a\0b" }), cursorText({ listing: "goals", version: 7, after: "x".repeat(bounds.idLengthMax + 1) }),
      Buffer.concat([Buffer.from(text, "base64url"), Buffer.from([0xff])]).toString("base64url"), Buffer.concat([Buffer.from(text, "base64url"), Buffer.from([0])]).toString("base64url"),
      Buffer.concat([Buffer.from(text, "base64url").subarray(0, -2), Buffer.from("a\0b")]).toString("base64url"), Buffer.concat([Buffer.from(text, "base64url").subarray(0, -2), Buffer.from("a\0b\0c\0d")]).toString("base64url"),
    ]
    for (const one of forged) {
      const parsed = parseCursor(one, "goals")
      // What differs in its version only is a cursor, of a version that anybody may ask for.
      expect([one.slice(0, 20), isRefusal(parsed) || parsed.after === "g1"]).toEqual([one.slice(0, 20), true])
    }
  })
})

describe("a tag", () => {
  test("is the version in quotes, and matches as RFC 9110 says", () => {
    const tag = etagOf(7)
    expect(tag).toBe('"7"')
    for (const header of ['"7"', 'W/"7"', '"1","7"', '"1", W/"7"', "*", " * "]) expect([header, noneMatch(header, tag)]).toEqual([header, true])
    for (const header of ["7", '"77"', "", '"', '"1"', "W/7", '"7" x', "**"]) expect([header, noneMatch(header, tag)]).toEqual([header, false])
  })
})
