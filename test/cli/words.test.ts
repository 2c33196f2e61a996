// The fields of an operation as words.
import { describe, expect, test } from "bun:test"
import { CommandFailed } from "../../src/cli/command-failed.ts"
import { parseWords } from "../../src/cli/words.ts"

describe("words", () => {
  test("are text, or what they are as JSON", () => {
    const words = ["title=Ada", "age=36", "verified=true", "none=null", 'data={"a":1}', 'scopes=["read"]', 'zip="01234"', "code=007", "value.title=x=y", "empty="]
    expect(parseWords(words)).toEqual({
      title: "Ada", age: 36, verified: true, none: null, data: { a: 1 }, scopes: ["read"], zip: "01234", code: "007", value: { title: "x=y" }, empty: "",
    })
  })

  test("keep digits that a number would lose", () => {
    expect(parseWords(["n=12345678901234567890", "price=1.50", "m=1e3"])).toEqual({ n: "12345678901234567890", price: "1.50", m: "1e3" })
  })

  test("for an id, an address, a name or a password are text, whatever they look like", () => {
    expect(parseWords(["id=1", "userId=2", "email=3", "name=true", "password=12345678", "currentPassword=1", "token=2", "issuer=true", "subject=4", "purpose=5", "collection=4"])).toEqual({
      id: "1", userId: "2", email: "3", name: "true", password: "12345678", currentPassword: "1", token: "2", issuer: "true", subject: "4", purpose: "5", collection: "4",
    })
    expect(parseWords(['id="1"', "name=null", 'userId={"$ref":"u.id"}'])).toEqual({ id: "1", name: null, userId: { $ref: "u.id" } })
  })

  test("reach into objects with dots, where an id may be a number", () => {
    expect(parseWords(["value.id=1", "value.owner.name=Ada", 'value.owner.tags=["a"]'])).toEqual({ value: { id: 1, owner: { name: "Ada", tags: ["a"] } } })
  })

  test.each([["Ada"], ["=x"], [".a=1"], ["a..b=1"], ["__proto__=1"], ["a.__proto__.b=1"]])("refuse %s", (word) => {
    expect(() => parseWords([word])).toThrow(CommandFailed)
  })

  test("that are wrong are counted, and not quoted: one may be a piece of a password", () => {
    expect(() => parseWords(["password=correct", "horse"])).toThrow(/^Argument 2 after the operation is not field=value\.$/)
    expect(() => parseWords([".password=horse"])).toThrow(/^Argument 1 after the operation is not field=value\.$/)
  })

  test("refuse a field that is given twice", () => {
    expect(() => parseWords(["a=1", "a=2"])).toThrow("a is given twice.")
    expect(() => parseWords(["a=1", "a.b=2"])).toThrow("a is given twice.")
    expect(() => parseWords(["a.b=1", "a.b=2"])).toThrow("b is given twice.")
  })
})
