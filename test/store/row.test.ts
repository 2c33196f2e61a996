// Rows as bytes: what goes in comes out, and the layout is that of docs/FORMAT.md.
import { describe, expect, test } from "bun:test"
import { encodeFill, encodeRow, rowBody, rowChanged, rowDeleted, type RowFacts, rowFacts, rowFill, rowHead, rowTerms, rowTermValue, rowText, type Term, textTerm, withoutFills, withTerms } from "../../src/store/row.ts"

const facts: RowFacts = { changed: 258, created: 3, changes: 4, deleted: false }
const most: RowFacts = { changed: 2 ** 48 - 1, created: 2 ** 48 - 2, changes: 2 ** 32 - 1, deleted: true }

function same(terms: readonly Term[]): unknown {
  return terms.map(({ field, value, unique }) => [field, Buffer.from(value).toString("hex"), unique])
}

describe("a row", () => {
  test("has the bytes that the format says", () => {
    const row = Buffer.from(encodeRow(facts, [textTerm("é", "x", true), textTerm("f", "", false)], '{"a":"ü"}'))
    const terms = "01 02 0002 c3a9 3078 00 01 0001 66 30"
    const wanted = `00 000000000102 000000000003 00000004 000e ${terms} ${Buffer.from('{"a":"ü"}').toString("hex")}`
    expect(row.toString("hex")).toBe(wanted.replaceAll(" ", ""))
  })

  test("of a tombstone is its facts alone", () => {
    const row = encodeRow({ ...facts, deleted: true }, [], "")
    expect(Buffer.from(row).toString("hex")).toBe("0100000000010200000000000300000004" + "0000")
    expect([rowDeleted(row), rowText(row), rowBody(row).length, rowTerms(row)]).toEqual([true, "", 0, []])
  })

  test("has the bytes that the format says where a fill added a term", () => {
    const row = Buffer.from(encodeRow(facts, [{ ...textTerm("f", "x", true), since: 772 }, textTerm("g", "", false)], "{}"))
    const terms = "03 01 0002 66 3078 000000000304 00 01 0001 67 30"
    expect(row.toString("hex")).toBe(`00 000000000102 000000000003 00000004 0013 ${terms} 7b7d`.replaceAll(" ", ""))
  })

  test("of a write set may be a fill, with the version that it completes", () => {
    const fill = Buffer.from(encodeFill(258, 3, [textTerm("f", "x", true)]))
    expect(fill.toString("hex")).toBe("04 000000000102 000000000003 00000000 0007 01 01 0002 66 3078".replaceAll(" ", ""))
    expect([rowFill(fill), rowDeleted(fill), rowFill(encodeRow(facts, [], "")), rowFill(encodeRow({ ...facts, deleted: true }, [], ""))]).toEqual([true, false, false, false])
    expect([rowFacts(fill).changed, rowFacts(fill).created, rowText(fill)]).toEqual([258, 3, ""])
  })

  test("can be let go of but for its terms where it is large", () => {
    const small = encodeRow(facts, [textTerm("a", "b", true)], "{}")
    expect(rowHead(small)).toBe(small)
    const large = encodeRow(facts, [textTerm("a", "b", true)], "x".repeat(100_000))
    const head = rowHead(large)
    expect([rowFacts(head), same(rowTerms(head)), rowText(head)]).toEqual([facts, same(rowTerms(large)), ""])
    expect(head.buffer.byteLength).toBeLessThan(10_000)
  })

  test("keeps everything else where its terms change", () => {
    const row = encodeRow({ ...facts, deleted: true }, [textTerm("a", "b", true)], '{"ü":1}')
    const later: Term = { ...textTerm("c", "d", false), since: 9 }
    const filled = withTerms(row, [...rowTerms(row), later])
    expect([rowFacts(filled), rowText(filled), rowTerms(filled).map(({ since }) => since)]).toEqual([rowFacts(row), rowText(row), [undefined, 9]])
    expect(Buffer.from(withoutFills(filled))).toEqual(Buffer.from(row))
    expect(withoutFills(row)).toBe(row)
  })

  test("tells the value of one term, whichever it is", () => {
    const terms: readonly Term[] = [textTerm("a", "1", true), { ...textTerm("é", "2", false), since: 9 }, textTerm("ab", "3", false), textTerm("b", "", true)]
    const row = encodeRow(facts, terms, '{"c":"4"}')
    for (const { field, value } of terms) expect(rowTermValue(row, field)).toEqual(Buffer.from(value))
    expect(["c", "", "abc", "e"].map((field) => rowTermValue(row, field))).toEqual([undefined, undefined, undefined, undefined])
  })

  test.each([
    ["the smallest", { changed: 1, created: 1, changes: 1, deleted: false }, [], ""],
    ["one with the largest numbers", most, [], "{}"],
    ["one with terms", facts, [textTerm("email", "a@b", true), textTerm("colour", "rot", false)], "{}"],
    ["one with a term of the longest field and value", facts, [textTerm("f".repeat(255), "v".repeat(65_000), true)], "{}"],
    ["one with text of every width", facts, [textTerm("ü", "語😀", true)], '"ü語😀"'],
    ["one with a large body", facts, [textTerm("a", "b", true)], "x".repeat(3_000_000)],
  ] as const)("gives back what went in: %s", (_, given, terms, body) => {
    const row = encodeRow(given, terms, body)
    expect(rowFacts(row)).toEqual(given)
    expect([rowChanged(row), rowDeleted(row)]).toEqual([given.changed, given.deleted])
    expect(same(rowTerms(row))).toEqual(same(terms))
    expect(rowText(row) === body).toBe(true)
    expect(Buffer.from(rowBody(row)).toString("utf8") === body).toBe(true)
  })

  test("is read the same from a part of a larger buffer, and from plain bytes", () => {
    const row = encodeRow(facts, [textTerm("a", "b", true)], '{"x":1}')
    const within = new Uint8Array(Buffer.concat([Buffer.alloc(7, 0xff), row, Buffer.alloc(7, 0xff)])).subarray(7, 7 + row.length)
    expect([rowFacts(within), same(rowTerms(within)), rowText(within)]).toEqual([rowFacts(row), same(rowTerms(row)), rowText(row)])
  })

  test("does not take what its layout has no room for", () => {
    expect(() => encodeRow(facts, [textTerm("f".repeat(256), "v", true)], "")).toThrow(RangeError)
    expect(() => encodeRow(facts, [textTerm("f", "v".repeat(65_536), true)], "")).toThrow(RangeError)
    expect(() => encodeRow({ ...facts, changed: 2 ** 48 }, [], "")).toThrow(RangeError)
    expect(() => encodeRow({ ...facts, changes: 2 ** 32 }, [], "")).toThrow(RangeError)
  })

  test("has a body that is a view: nothing is copied on the read path", () => {
    const row = encodeRow(facts, [], "12")
    rowBody(row)[0] = 0x39
    expect(rowText(row)).toBe("92")
  })
})

describe("a text term", () => {
  test("keeps the order of the texts' bytes, whatever their lengths", () => {
    const texts = ["", "a", "aa", "ab", "b", "Z", "ä", "語", "\uffee", "😀"]
    const byTerm = [...texts].sort((a, b) => Buffer.compare(textTerm("f", a, true).value, textTerm("f", b, true).value))
    expect(byTerm).toEqual([...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
  })
})
