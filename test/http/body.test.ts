// Request bodies: their type, their size while they are read, and their text.
import { describe, expect, test } from "bun:test"
import { checkContentType, readBytes, readText } from "../../src/http/body.ts"
import { isRefusal } from "../../src/refusal.ts"

function post(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  return new Request("http://tandem.test/do", { method: "POST", body, headers })
}

/** Gives `chunks` one by one, then ends, or breaks. */
function streamOf(chunks: readonly Uint8Array[], breaks = false): ReadableStream<Uint8Array> {
  const left = [...chunks]
  return new ReadableStream({
    pull: (controller) => {
      const chunk = left.shift()
      if (chunk !== undefined) controller.enqueue(chunk)
      else if (breaks) controller.error(new Error("canary"))
      else controller.close()
    },
  })
}

describe("the content type", () => {
  const json = (type: string) => checkContentType(post("{}", { "content-type": type }), "application/json")

  test("is the expected one, in any case, in UTF-8", () => {
    for (const type of ["application/json", "Application/JSON", "application/json;charset=utf-8", 'application/json ; charset="UTF-8"']) expect([type, json(type)]).toEqual([type, undefined])
  })

  test("is nothing else, nor missing", () => {
    for (const type of ["", "text/plain", "application/jsonp", "application/json+x", "application/json; charset=latin1", "application/json; boundary=x", "application/json, text/plain", "application/x-ndjson"]) {
      expect([type, json(type)?.code]).toEqual([type, "unsupported-media-type"])
    }
    const bare = post(streamOf([]))
    bare.headers.delete("content-type")
    expect(checkContentType(bare, "application/json")?.code).toBe("unsupported-media-type")
  })
})

describe("the bytes", () => {
  test("are whole, however they come", async () => {
    const bytes = Buffer.from("grüße")
    expect(await readText(post(bytes), 100)).toBe("grüße")
    expect(await readText(post(streamOf([...bytes].map((byte) => new Uint8Array([byte])))), 100)).toBe("grüße")
    expect(await readText(post(null), 100)).toBe("")
    expect(await readText(post(streamOf([])), 100)).toBe("")
  })

  test("may be as many as the bound, and not one more, announced or not", async () => {
    for (const [length, fits] of [[100, true], [101, false]] as const) {
      const body = "x".repeat(length)
      for (const request of [post(body), post(body, { "content-length": String(length) }), post(streamOf([Buffer.from(body)])), post(streamOf([...body].map((one) => Buffer.from(one))))]) {
        const read = await readBytes(request, 100)
        expect(isRefusal(read) ? read.code : read.length).toBe(fits ? length : "too-large")
      }
    }
  })

  test("that are announced as too many are not read at all", async () => {
    let pulled = false
    const stream = new ReadableStream<Uint8Array>({ pull: () => void (pulled = true) }, { highWaterMark: 0 })
    expect(await readBytes(post(stream, { "content-length": "101" }), 100)).toMatchObject({ code: "too-large" })
    expect(pulled).toBe(false)
  })

  test("that are cut off are refused, without a word of the cause", async () => {
    for (const headers of [{}, { "content-length": "50" }]) {
      const read = await readText(post(streamOf([Buffer.from("{")], true), headers), 100)
      expect(read).toMatchObject({ refused: true, code: "malformed" })
      expect(JSON.stringify(read)).not.toContain("canary")
    }
  })

  test("that are not UTF-8 are refused, not replaced", async () => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80]]) expect(await readText(post(new Uint8Array(bytes)), 100)).toMatchObject({ code: "malformed" })
  })
})
