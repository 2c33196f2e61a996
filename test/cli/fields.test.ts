// JSON that came from elsewhere: nothing is taken to be there.
import { expect, test } from "bun:test"
import { fieldsOf, isFields, itemsOf, numberField, textField } from "../../src/cli/fields.ts"

test("only an object has fields", () => {
  expect([{}, [], null, "a", 1, undefined].map(isFields)).toEqual([true, false, false, false, false, false])
})

test("a field of another type than asked for is not there", () => {
  const fields = { text: "a", number: 1, inner: { a: 1 } }
  expect([textField(fields, "text"), textField(fields, "number"), textField(fields, "none")]).toEqual(["a", undefined, undefined])
  expect([numberField(fields, "number"), numberField(fields, "text")]).toEqual([1, undefined])
  expect([fieldsOf(fields, "inner"), fieldsOf(fields, "text"), fieldsOf(null, "inner")]).toEqual([{ a: 1 }, {}, {}])
})

test("the items of a page are its objects, and none where it is no page", () => {
  expect(itemsOf({ items: [{ a: 1 }, 2, null] })).toEqual([{ a: 1 }])
  expect([itemsOf({}), itemsOf([]), itemsOf(null)]).toEqual([[], [], []])
})
