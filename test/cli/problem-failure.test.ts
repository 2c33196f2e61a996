// Problem documents as sentences with an exit code and a hint.
import { describe, expect, test } from "bun:test"
import { failureOf, problemSentence } from "../../src/cli/problem-failure.ts"

describe("a problem", () => {
  test("becomes a sentence with every issue", () => {
    const issues = [{ pointer: "/email", message: "is missing" }, { pointer: "/name", message: "must be text" }]
    expect(problemSentence({ detail: "The data is invalid.", code: "invalid", issues })).toBe(
      "The data is invalid. [invalid]\n  /email: is missing\n  /name: must be text",
    )
  })

  test("with one issue that the sentence tells is not told twice", () => {
    const issues = [{ pointer: "/email", message: "is missing" }]
    expect(problemSentence({ detail: "The data of operation 0 is invalid: `/email` is missing.", code: "invalid", issues })).toBe(
      "The data of operation 0 is invalid: `/email` is missing. [invalid]",
    )
    expect(problemSentence({ detail: "The data is invalid.", issues })).toBe("The data is invalid.\n  /email: is missing")
  })

  test("tells where, if it is one place", () => {
    expect(problemSentence({ detail: "No such operation.", pointer: "/operations/0/op" })).toBe("No such operation. (at /operations/0/op)")
  })

  test("cannot move the cursor of who reads it", () => {
    const evil = "\u001b[2J\u202e"
    const failure = failureOf({ detail: evil, code: evil, hint: evil, issues: [{ pointer: evil, message: evil }] })
    expect(`${failure.message.replaceAll("\n", "")}${failure.hint ?? ""}`).not.toMatch(/[\u001b\u202e]/)
    expect(failureOf({ code: "not-primary", primary: evil }).hint).not.toMatch(/[\u001b\u202e]/)
  })

  test("that passes by itself ends with 75, any other with 1", () => {
    const exits = ["unavailable", "version-unavailable", "too-many-requests", "outcome-unknown", "invalid", "not-primary", "disk-full", "internal"]
    expect(exits.map((code) => failureOf({ code }).exitCode)).toEqual([75, 75, 75, 75, 1, 1, 1, 1])
  })

  test("of a replica that was asked to write names the primary's URL as a flag", () => {
    expect(failureOf({ code: "not-primary", primary: "http://a:4000" }).hint).toBe("The primary is at http://a:4000: use --url http://a:4000")
  })

  test("of a missing key says where one is looked for, of a wrong one what may be wrong with it", () => {
    const problem = { code: "unauthenticated", hint: "Send `Authorization: Bearer <key>`." }
    expect(failureOf(problem, { withoutToken: true }).hint).toStartWith("No API key was found: set TANDEM_TOKEN")
    expect(failureOf(problem).hint).toContain("not revoked")
  })
})
