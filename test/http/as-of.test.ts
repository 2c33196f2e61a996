// Reads as of a version or a time: byte for byte what was answered then, on every path, whatever came after (P7).
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { Harness, inside } from "./harness.ts"

const reads = ["/users", "/users?limit=1", "/users/ada", "/users/bob", "/users?email=ada@example.com", "/users?email=Bob@Example.com", "/users/ada/history", "/users/ada/history?limit=1", "/users/bob/history", "/collections", "/collections/goals", "/collections/goals/history", "/goals", "/goals/g1", "/goals/g2", "/goals/g1/history"]

const goal = (op: string, id: string, more: object = {}) => ({ op: `document.${op}`, data: { collection: "goals", id, ...more } })
const user = (op: string, id: string, more: object = {}) => ({ op: `user.${op}`, data: { id, ...more } })

const lives: readonly (readonly { readonly op: string; readonly data: object }[])[] = [
  [user("create", "ada", { email: "ada@example.com" })],
  [{ op: "collection.define", data: { name: "goals" } }, goal("create", "g1", { value: { n: 1 } })],
  [user("create", "bob", { email: "bob@example.com" }), goal("patch", "g1", { patch: { n: 2 } })],
  [user("update", "ada", { email: "bob2@example.com" }), user("update", "bob", { email: "ada@example.com" })],
  [goal("put", "g2", { value: {} }), goal("delete", "g1")],
  [user("delete", "ada"), goal("create", "g1", { value: { n: 3 } })],
  [{ op: "collection.drop", data: { name: "goals" } }],
  [user("create", "ada", { email: "new@example.com" }), { op: "collection.define", data: { name: "goals" } }],
  [goal("create", "g1", { value: { n: 4 } })],
]

interface Seen {
  readonly path: string
  readonly version: number
  readonly time: string
  readonly status: number
  readonly text: string
  readonly etag: string | null
}

async function lived(): Promise<{ tandem: Harness; seen: Seen[] }> {
  const tandem = new Harness()
  const seen: Seen[] = []
  const look = async (time: string): Promise<void> => {
    for (const path of reads) {
      const { status, text, headers } = await tandem.get(path)
      seen.push({ path, version: tandem.node.committed(), time, status, text, etag: headers.get("etag") })
    }
  }
  await look("2026-02-01T00:00:00Z")
  for (const operations of lives) {
    await tandem.commit(...operations)
    await look(new Date(tandem.node.nowMs).toISOString())
  }
  return { tandem, seen }
}

test("every read as of every version answers what was answered then, and says so (P7)", async () => {
  const { tandem, seen } = await lived()
  for (const { path, version, status, text, etag } of seen) {
    const sign = path.includes("?") ? "&" : "?"
    const then = await tandem.get(`${path}${sign}at=${version}`)
    expect({ path, version, status: then.status, text: then.text, etag: then.headers.get("etag") }).toEqual({ path, version, status, text, etag })
    if (status === 200) expect(then.headers.get("tandem-version")).toBe(String(version))
  }
})

test("and as of the time of each version, and any moment until the next (P7)", async () => {
  const { tandem, seen } = await lived()
  for (const { path, version, time, status, text } of seen) {
    const sign = path.includes("?") ? "&" : "?"
    const moments = [time, new Date(Date.parse(time) + 999).toISOString(), time.replace("T12:", "T14:").replace(/(\.\d+)?Z$/, "$1%2B02:00")]
    for (const moment of time.includes("T12:") ? moments : [time]) {
      const then = await tandem.get(`${path}${sign}atTime=${moment}`)
      expect({ path, moment, status: then.status, text: then.text }).toEqual({ path, moment, status, text })
      if (status === 200) expect(then.headers.get("tandem-version")).toBe(String(version))
    }
  }
})

describe("on every read", () => {
  const data = [...reads, "/log", "/log/1"]

  test("Tandem-Min-Version waits, bounded, and then says 503 and where this node is", async () => {
    const { tandem } = await lived()
    const head = tandem.node.committed()
    const waits: number[][] = []
    const waitForVersion = tandem.node.waitForVersion.bind(tandem.node)
    tandem.node.waitForVersion = (version: number, ...rest: unknown[]) => {
      waits.push([version, ...(rest as number[])])
      return waitForVersion(version)
    }
    for (const path of data) {
      const answer = await tandem.get(path, { headers: { "tandem-min-version": String(head + 1) } })
      expect([path, answer.status, inside(answer.json, "code"), inside(answer.json, "version"), answer.headers.get("retry-after")]).toEqual([path, 503, "version-unavailable", head, "1"])
      expect((await tandem.get(path, { headers: { "tandem-min-version": String(head) } })).status).toBeLessThan(405)
    }
    expect(waits).toEqual(data.map(() => [head + 1, bounds.versionWaitMs]))
  })

  test("a version that is none is refused, and one beyond the newest is refused by the primary at once", async () => {
    const { tandem } = await lived()
    tandem.node.waitForVersion = () => Promise.reject(new Error("waited"))
    for (const path of reads) {
      const sign = path.includes("?") ? "&" : "?"
      const ahead = await tandem.get(`${path}${sign}at=${tandem.node.committed() + 1}`)
      expect([path, ahead.status, inside(ahead.json, "code"), inside(ahead.json, "version")]).toEqual([path, 400, "version-ahead", tandem.node.committed()])
      for (const [query, pointer] of [["at=-1", "/at"], ["atTime=2026-02-30T00:00:00Z", "/atTime"], ["at=1&atTime=2026-03-01T12:00:00Z", "/atTime"]]) {
        const wrong = await tandem.get(`${path}${sign}${query}`)
        expect([path, query, wrong.status, inside(wrong.json, "pointer")]).toEqual([path, query, 400, pointer])
      }
    }
    for (const version of ["", "x", "-1", "1.5", "99999999999999999", "1, 2"]) {
      for (const path of data) expect([path, version, (await tandem.get(path, { headers: { "tandem-min-version": version } })).status]).toEqual([path, version, 400])
    }
  })

  test("what this node may not read now is 503, and nothing is said", async () => {
    const { tandem } = await lived()
    tandem.node.notReadable = { refused: true, code: "unavailable", detail: "Not in sync." }
    for (const path of [...data, "/do/k"]) {
      const answer = await tandem.get(path)
      expect([path, answer.status, inside(answer.json, "detail")]).toEqual([path, 503, "Not in sync."])
    }
  })
})
