// What strangers may make the peer listener hold: bounded for each body, for all of them, and in time.
import { describe, expect, test } from "bun:test"
import { UnsignedBodies } from "../../src/http/unsigned-bodies.ts"

interface Sent {
  readonly request: Request
  end(): void
}

/** A body of `length` bytes of which the last comes with `end`. */
function slow(length: number, announced: number | null = length): Sent {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given
      given.enqueue(new Uint8Array(length - 1))
    },
  })
  const headers: Record<string, string> = announced === null ? {} : { "content-length": String(announced) }
  return {
    request: new Request("http://peer.test/", { method: "POST", headers, body }),
    end: () => {
      controller?.enqueue(new Uint8Array(1))
      controller?.close()
    },
  }
}

const minute = 60_000
const limits = { bytesMax: 100, allBytesMax: 250, countMax: 3 }

describe("unsigned bodies", () => {
  test("are read whole", async () => {
    const body = slow(100)
    const read = new UnsignedBodies(minute, limits).read(body.request)
    body.end()
    expect(await read).toHaveLength(100)
  })

  test("are refused at once above their bound, by what they announce", async () => {
    const bodies = new UnsignedBodies(minute, limits)
    for (const announced of [101, 1e12, Number.NaN]) {
      expect(await bodies.read(slow(10, announced).request)).toMatchObject({ refused: true, code: "too-large" })
    }
  })

  test("are bounded together by bytes, and one without a length may be the longest", async () => {
    const bodies = new UnsignedBodies(minute, limits)
    const first = slow(100)
    const second = slow(10, null)
    const reads = [bodies.read(first.request), bodies.read(second.request)]
    expect(await bodies.read(slow(51).request)).toMatchObject({ refused: true, code: "unavailable" })
    first.end()
    expect(await reads[0]).toHaveLength(100)
    const third = slow(51)
    const read = bodies.read(third.request)
    third.end()
    second.end()
    expect(await read).toHaveLength(51)
    expect(await reads[1]).toHaveLength(10)
  })

  test("are bounded together by count", async () => {
    const bodies = new UnsignedBodies(minute, limits)
    const three = [slow(1), slow(1), slow(1)]
    const reads = three.map(({ request }) => bodies.read(request))
    expect(await bodies.read(slow(1).request)).toMatchObject({ refused: true, code: "unavailable" })
    for (const { end } of three) end()
    await Promise.all(reads)
    const next = slow(1)
    next.end()
    expect(await bodies.read(next.request)).toHaveLength(1)
  })

  test("that do not come in time are refused, and count until they are over", async () => {
    const bodies = new UnsignedBodies(1, { ...limits, countMax: 1 })
    const late = slow(10)
    expect(await bodies.read(late.request)).toMatchObject({ refused: true, code: "malformed" })
    expect(await bodies.read(slow(1).request)).toMatchObject({ refused: true, code: "unavailable" })
    late.end()
    await new Promise((resolve) => setImmediate(resolve))
    const next = slow(1)
    next.end()
    expect(await bodies.read(next.request)).not.toMatchObject({ code: "unavailable" })
  })

  test("that are cut off are refused, and give their place back", async () => {
    const bodies = new UnsignedBodies(minute, { ...limits, countMax: 1 })
    const broken = () => new Request("http://peer.test/", { method: "POST", body: new ReadableStream({ start: (controller) => controller.error(new Error("cut")) }) })
    for (let n = 0; n < 3; n++) expect(await bodies.read(broken())).toMatchObject({ refused: true, code: "malformed" })
  })
})
