// Lines out of bytes: the same lines however the bytes are cut.
import { expect, test } from "bun:test"
import { LineReader } from "../../src/http/lines.ts"
import { isRefusal } from "../../src/refusal.ts"

function streamOf(text: string, chunkBytes: number, cut = false): ReadableStream<Uint8Array> {
  const bytes = Buffer.from(text)
  let offset = 0
  return new ReadableStream({
    pull: (controller) => {
      if (offset >= bytes.length) return cut ? controller.error(new Error("cut")) : controller.close()
      controller.enqueue(new Uint8Array(bytes.subarray(offset, offset + chunkBytes)))
      offset += chunkBytes
    },
  })
}

async function linesOf(stream: ReadableStream<Uint8Array>, bytesMax = 100): Promise<string[]> {
  const reader = new LineReader(stream, bytesMax)
  const lines: string[] = []
  for (let line = await reader.next(); line !== undefined; line = await reader.next()) {
    lines.push(`${line.number}:${isRefusal(line.bytes) ? line.bytes.code : Buffer.from(line.bytes).toString()}`)
  }
  return lines
}

test("the chunks that bytes come in do not matter", async () => {
  const text = "one\n\nthree ö\r\n  \nfive\nlast"
  for (let chunkBytes = 1; chunkBytes <= text.length + 2; chunkBytes++) {
    expect(await linesOf(streamOf(text, chunkBytes))).toEqual(["1:one", "3:three ö\r", "5:five", "6:last"])
  }
})

test("a line of just the bound is given out, a longer one is refused and ends the lines", async () => {
  for (const chunkBytes of [1, 3, 7, 100]) {
    expect(await linesOf(streamOf("12345\n123456\nnever\n", chunkBytes), 5)).toEqual(["1:12345", "2:too-large"])
    expect(await linesOf(streamOf("123456", chunkBytes), 5)).toEqual(["1:too-large"])
  }
})

test("the line that a connection is cut in is not given out", async () => {
  for (const chunkBytes of [1, 4, 9]) expect(await linesOf(streamOf("one\ntwo\nthr", chunkBytes, true))).toEqual(["1:one", "2:two"])
})
