// E-mail addresses: what is taken as one, and what is unique about it.
import { describe, expect, test } from "bun:test"
import * as v from "valibot"
import { emailKey } from "../../src/operations/email.ts"
import { emailField } from "../../src/operations/fields.ts"

function accepted(email: unknown): string | undefined {
  const parsed = v.safeParse(emailField, email)
  return parsed.success ? parsed.output : undefined
}

describe("what is unique", () => {
  test("knows neither case nor spaces around nor Unicode form", () => {
    for (const email of ["ZOË@X.org", " zoë@x.ORG\t", "zoe\u0308@x.org", "Zoe\u0308@X.ORG"]) expect(emailKey(email)).toBe("zoë@x.org")
  })

  test("knows accents, dots and tags", () => {
    const keys = ["zoe@x.org", "zoë@x.org", "z.oe@x.org", "zoe+a@x.org"].map(emailKey)
    expect(new Set(keys).size).toBe(4)
  })

  test("is the same for the key of a key, whatever the character", () => {
    const changed: number[] = []
    for (let point = 0x21; point < 0x20000; point++) {
      if (point >= 0xd800 && point < 0xe000) continue
      const key = emailKey(`a${String.fromCodePoint(point)}b@x.org`)
      if (emailKey(key) !== key) changed.push(point)
    }
    expect(changed).toEqual([])
  })
})

describe("what is taken", () => {
  test("is trimmed, in normal form C, and keeps its case for display", () => {
    expect(accepted("  Zoe\u0308@Example.com ")).toBe("Zoë@Example.com")
  })

  test("has something on both sides of one @, and no spaces or control characters", () => {
    for (const email of ["a@b", "a.b+c@d-e.f", "\"x\"@y", "用户@例子.中国"]) expect(accepted(email)).toBe(email)
    const wrong = ["", " ", "@", "a@", "@b", "a", "a@b@c", "a b@c", "a@b c", "a\n@b", "a@b\u0000", "a\u0007@b", "a@b\u007f", "a@b\u0085c", "a\u00a0b@c", 5, null, ["a@b"]]
    for (const email of wrong) expect({ email, accepted: accepted(email) }).toEqual({ email, accepted: undefined })
  })

  test("has 254 characters at most, counted without the spaces around it", () => {
    const longest = `${"a".repeat(252)}@b`
    expect(accepted(longest)).toBe(longest)
    expect(accepted(`  ${longest}  `)).toBe(longest)
    expect(accepted(`a${longest}`)).toBeUndefined()
  })

  test("is measured before it is matched", () => {
    const parsed = v.safeParse(emailField, `${"a@".repeat(500_000)}`)
    expect(parsed.issues?.map(({ type }) => type)[0]).toBe("max_length")
  })

  test("is measured in the form that is kept", () => {
    // U+0958 becomes two characters in normal form C.
    expect(accepted(`${"\u0958".repeat(127)}@b`)).toBeUndefined()
    expect(accepted(`${"\u0958".repeat(126)}@b`)).toHaveLength(254)
  })
})
