// Event streams, cut into chunks anywhere: every event once, whole, and as the standard reads it.
import { describe, expect, test } from "bun:test"
import { EventParser, type ServerEvent } from "../../src/client/event-parser.ts"

const encoder = new TextEncoder()

function parsed(...chunks: readonly (string | Uint8Array)[]): readonly ServerEvent[] {
  const parser = new EventParser()
  return chunks.flatMap((chunk) => parser.push(typeof chunk === "string" ? encoder.encode(chunk) : chunk))
}

const message = (data: string, type = "message"): ServerEvent => ({ type, data })

describe("an event", () => {
  test("has a type and data, and one space behind the colon is none of theirs", () => {
    expect(parsed("id: 1\nevent: change\ndata: a\n\nevent:change\ndata:  b \n\n")).toEqual([message("a", "change"), message(" b ", "change")])
  })

  test("of several lines of data has them joined, also where they are empty or have no colon", () => {
    expect(parsed("data: a\ndata\ndata:\ndata: b\n\n")).toEqual([message("a\n\n\nb")])
  })

  test("without data is none, and leaves its type to no other", () => {
    expect(parsed("event: change\n\ndata: a\n\n: heartbeat\n\n\n\n")).toEqual([message("a")])
  })

  test("may have comments, fields that nobody knows, colons in its data, and a mark of byte order before it", () => {
    expect(parsed("\ufeff: hello\nretry: 1000\nx: y\n data: z\ndata: a:b\n:\n\n")).toEqual([message("a:b")])
  })

  test("that is not complete when the stream ends is none", () => {
    expect(parsed("data: a\n\ndata: b\n")).toEqual([message("a")])
    expect(parsed("data: a\n\ndata: b")).toEqual([message("a")])
  })
})

describe("lines", () => {
  test("end with a line feed, a carriage return, or both", () => {
    for (const end of ["\n", "\r", "\r\n"]) expect(parsed(`data: a${end}data: b${end}${end}data: c${end}${end}`)).toEqual([message("a\nb"), message("c")])
    expect(parsed("data: a\r\ndata: b\n\r\ndata: c\r\r")).toEqual([message("a\nb"), message("c")])
  })

  test("end once where both come in different chunks", () => {
    expect(parsed("data: a\r", "\ndata: b\r", "\n\r", "\n")).toEqual([message("a\nb")])
    expect(parsed("data: a\r", new Uint8Array(), "\n", "data: b\n\n")).toEqual([message("a\nb")])
    expect(parsed("data: a\r", "\r", "data: b\r\r")).toEqual([message("a"), message("b")])
  })
})

test("wherever a stream is cut into chunks, its events are the same", () => {
  const text = "\ufeffretry: 1000\r\n\r\nid: 7\r\nevent: change\r\ndata: {\"ü\":\"\u{1f600}\"}\r\n\r\n: \r\ndata: a\rdata: b\n\nevent: heartbeat\ndata: {}\n\n"
  const expected = [message('{"ü":"\u{1f600}"}', "change"), message("a\nb"), message("{}", "heartbeat")]
  const bytes = encoder.encode(text)
  expect(parsed(bytes)).toEqual(expected)
  for (let one = 0; one <= bytes.length; one++) {
    expect(parsed(bytes.subarray(0, one), bytes.subarray(one))).toEqual(expected)
    for (let two = one; two <= bytes.length; two += 3) expect(parsed(bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two))).toEqual(expected)
  }
  expect(parsed(...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected)
})
