// What lies below the horizon: refused as 410 with the oldest version, by every way to ask, and the same whether this disk has it
// still or not (P7).
import { describe, expect, test } from "bun:test"
import { internalTransaction } from "../../src/operations/internal-transaction.ts"
import { retentionTrim } from "../../src/operations/retention-trim.ts"
import { Harness, inside } from "./harness.ts"
import { expectAnswer } from "./problem-shape.ts"

const put = (id: string, n: number) => ({ op: "document.put", data: { collection: "goals", id, value: { n } } })

/** Versions: 1 defines goals, 2 and 3 users, 4 to 8 the goal `a`, 9 deletes the goal `gone`, 10 to 12 the goal `b`. */
async function lived(): Promise<Harness> {
  const tandem = new Harness()
  await tandem.commit({ op: "collection.define", data: { name: "goals" } })
  await tandem.send("POST", "/do", { body: { op: "user.create", data: { id: "ada", email: "ada@example.com" } }, headers: { "idempotency-key": "first" } })
  await tandem.commit({ op: "user.update", data: { id: "ada", name: "Ada" } }, put("gone", 0))
  for (let n = 4; n <= 8; n++) await tandem.commit(put("a", n))
  await tandem.commit({ op: "document.delete", data: { collection: "goals", id: "gone" } })
  for (let n = 10; n <= 12; n++) await tandem.commit(put("b", n))
  return tandem
}

async function moveHorizon(tandem: Harness, before: number, collections: Record<string, number> = {}): Promise<void> {
  expect(await tandem.node.submit(internalTransaction(retentionTrim, { before, collections }))).toMatchObject({ kind: "committed" })
}

function trimAll(tandem: Harness): void {
  while (tandem.node.reader.trimNow(3)) {
    // Until nothing is left.
  }
}

/** With all of it on the disk still, and with nothing of it. */
async function eachWay(look: (tandem: Harness) => Promise<void>, before = 9, collections: Record<string, number> = {}): Promise<void> {
  const tandem = await lived()
  await moveHorizon(tandem, before, collections)
  await look(tandem)
  trimAll(tandem)
  expect(tandem.node.reader.trimmable()).toBe(false)
  await look(tandem)
}

describe("below the horizon", () => {
  test.each(["/goals?at=8", "/goals/a?at=8", "/goals/a/history?at=8", "/users?at=8", "/users/ada?at=0", "/users?email=ada@example.com&at=8", "/users?issuer=x&subject=y&at=1", "/users/ada/sessions?at=8", "/collections?at=8", "/collections/goals?at=8", "/log?from=8", "/log/8", "/changes?since=8", "/changes"])(
    "%s is gone (P7)",
    async (path) => {
      const version = Number(/\d+$/.exec(path)?.[0] ?? 0)
      await eachWay(async (tandem) => {
        const answer = await tandem.get(path)
        expectAnswer(answer, 410)
        expect(answer.json).toMatchObject({ code: "trimmed", version, oldestVersion: 9, detail: `Version ${version} is not kept any more; the oldest that is is 9.` })
      })
    },
  )

  test.each(["/goals?at=9", "/goals/a?at=9", "/goals/a/history?at=9", "/users?email=ada@example.com&at=9", "/users/ada/sessions?at=9", "/collections/goals?at=9", "/log?from=9", "/log/9", "/changes?since=9"])("at the horizon, %s is there (P7)", async (path) => {
    let before: unknown
    await eachWay(async (tandem) => {
      const answer = await tandem.get(path)
      expect(answer.status).toBe(200)
      expect(answer.json).toEqual(before ?? answer.json)
      before = answer.json
    })
  })

  test("is where no stream of changes begins", () =>
    eachWay(async (tandem) => {
      for (const headers of [{ accept: "text/event-stream" }, { accept: "text/event-stream", "last-event-id": "8" }]) {
        const answer = await tandem.get("/changes?since=3", { headers })
        expect([answer.status, inside(answer.json, "oldestVersion")]).toEqual([410, 9])
      }
    }))

  test("are the times before its oldest record (P7)", async () => {
    const tandem = await lived()
    const time = String(inside((await tandem.get("/log/9")).json, "time"))
    await moveHorizon(tandem, 9)
    trimAll(tandem)
    const ofTime = (atMs: number) => tandem.get(`/goals/a?atTime=${new Date(atMs).toISOString()}`)
    expectAnswer(await ofTime(Date.parse(time) - 1), 410)
    expect(inside((await ofTime(Date.parse(time))).json, "value", "n")).toBe(8)
  })

  test("is what a cursor was pinned to before the horizon passed it (P7)", async () => {
    const tandem = await lived()
    const pages = await Promise.all(["/goals?limit=1&at=8", "/goals/a/history?limit=1&at=8"].map((path) => tandem.get(path)))
    await moveHorizon(tandem, 9)
    for (const [n, path] of ["/goals", "/goals/a/history"].entries()) {
      const answer = await tandem.get(`${path}?cursor=${String(inside(pages[n]?.json, "next"))}`)
      expect([answer.status, inside(answer.json, "oldestVersion")]).toEqual([410, 9])
    }
  })

  test("does not stand in the way of reads of now, nor of the log from its beginning", () =>
    eachWay(async (tandem) => {
      expect(inside((await tandem.get("/goals")).json, "items")).toMatchObject([{ id: "a" }, { id: "b" }])
      expect(inside((await tandem.get("/log?limit=1")).json, "items")).toMatchObject([{ version: 9 }])
      expect((await tandem.get("/status")).json).toMatchObject({ oldestVersion: 9, oldestVersions: {} })
    }))
})

describe("a history that reaches the horizon", () => {
  test("ends with what was there, with nothing said of before (P7)", () =>
    eachWay(async (tandem) => {
      const { json } = await tandem.get("/goals/a/history")
      expect(json).toMatchObject({ items: [{ version: 8, principal: null, note: null, op: null, change: "updated", value: { value: { n: 8 } }, diff: null }], next: null })
      expect(inside(json, "items", 0, "time")).toBe(inside(json, "items", 0, "value", "updatedAt"))
    }))

  test("knows who and why where the record is kept", () =>
    eachWay(async (tandem) => {
      const { json } = await tandem.get("/goals/a/history")
      expect(json).toMatchObject({ items: [{ version: 8, op: "document.put" }, { version: 7, op: "document.put", principal: "root", diff: null }], next: null })
    }, 7))

  test("begins with the creation where that is above it", () =>
    eachWay(async (tandem) => {
      expect((await tandem.get("/goals/b/history")).json).toMatchObject({ items: [{ version: 12 }, { version: 11 }, { version: 10, change: "created", diff: [{ op: "replace", path: "" }] }], next: null })
    }))

  test("is that of nobody where all that is left is that it was deleted", () =>
    eachWay(async (tandem) => {
      expect((await tandem.get("/goals/gone/history")).status).toBe(404)
    }))

  test("is over on the page that the horizon has overtaken", async () => {
    const tandem = await lived()
    const page = await tandem.get("/goals/b/history?limit=1")
    await moveHorizon(tandem, 11)
    for (let n = 0; n < 2; n++) {
      const rest = await tandem.get(`/goals/b/history?cursor=${String(inside(page.json, "next"))}`)
      expect(rest.json).toMatchObject({ items: [{ version: 11, diff: null }], next: null })
      trimAll(tandem)
    }
    await moveHorizon(tandem, 12)
    expect((await tandem.get(`/goals/b/history?cursor=${String(inside(page.json, "next"))}`)).json).toMatchObject({ items: [], next: null })
  })
})

describe("a collection with a horizon of its own", () => {
  test("is refused below its own, and the log goes as far back as the oldest (P7)", () =>
    eachWay(
      async (tandem) => {
        for (const [path, status] of [["/goals/a?at=9", 410], ["/goals/a?at=10", 200], ["/users/ada?at=3", 200], ["/users/ada?at=2", 410], ["/log/3", 200], ["/log/2", 410], ["/collections/goals?at=3", 200], ["/changes?since=3", 200], ["/changes?since=2", 410]] as const) {
          expect([path, (await tandem.get(path)).status]).toEqual([path, status])
        }
        expect((await tandem.get("/status")).json).toMatchObject({ oldestVersion: 3, oldestVersions: { collections: 3, goals: 10 } })
      },
      3,
      { goals: 10 },
    ))

  test("may reach further back than all others, with who and when (P7)", () =>
    eachWay(
      async (tandem) => {
        expect((await tandem.get("/goals/a/history")).json).toMatchObject({ items: [{ version: 8 }, { version: 7 }, { version: 6, principal: "root" }, { version: 5, op: "document.put" }], next: null })
        expect((await tandem.get("/users/ada?at=9")).status).toBe(410)
      },
      10,
      { goals: 5 },
    ))
})

describe("a transaction", () => {
  test("is forgotten with its key: asking is 404, and a retry is run anew (I8)", async () => {
    const body = { op: "user.create", data: { id: "bob", email: "bob@example.com" } }
    await eachWay(async (tandem) => {
      expect((await tandem.get("/do/first")).status).toBe(404)
    })
    const tandem = await lived()
    await moveHorizon(tandem, 9)
    const again = await tandem.send("POST", "/do", { body, headers: { "idempotency-key": "first" } })
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([200, null])
  })

  test.each([[{ version: 8 }, "/version", 7, 9], [{ version: 9 }, "/version", 8, 9], [{ collection: "goals", id: "a", to: 8, force: true }, "/to", 8, 9], [{ collection: "goals", id: "a", to: 0, force: true }, "/to", 0, 9]])(
    "does not take back what is not known any more: %j",
    (data, pointer, version, oldestVersion) =>
      eachWay(async (tandem) => {
        const answer = await tandem.send("POST", "/do", { body: { op: "revert", data } })
        expectAnswer(answer, 410)
        expect(answer.json).toMatchObject({ code: "trimmed", pointer, version, oldestVersion })
      }),
  )

  test("of a collection with less history is not taken back either", () =>
    eachWay(
      async (tandem) => {
        const answer = await tandem.send("POST", "/do", { body: { op: "revert", data: { version: 10 } } })
        expect([answer.status, inside(answer.json, "oldestVersion")]).toEqual([410, 10])
      },
      3,
      { goals: 10 },
    ))

  test("counts what an entity that was deleted before has become since", async () => {
    for (const trims of [false, true]) {
      const tandem = await lived()
      await tandem.commit(put("gone", 13))
      await moveHorizon(tandem, 10)
      if (trims) trimAll(tandem)
      const taken = await tandem.send("POST", "/do", { body: { op: "revert", data: { collection: "goals", id: "gone", to: 11 } } })
      expect(taken.json).toMatchObject({ results: [[{ id: "gone", change: "deleted" }]] })
    }
  })

  test("takes back what is known", async () => {
    const tandem = await lived()
    await moveHorizon(tandem, 9)
    trimAll(tandem)
    expect((await tandem.send("POST", "/do", { body: { op: "revert", data: { version: 12 } } })).json).toMatchObject({ results: [[{ id: "b", value: { value: { n: 11 } } }]] })
    expect((await tandem.send("POST", "/do", { body: { op: "revert", data: { collection: "goals", id: "b", to: 9, force: true } } })).json).toMatchObject({ results: [[{ id: "b", change: "deleted" }]] })
  })

  test.each(["retention.trim", "expired.sweep"])("of a client never has %s", async (op) => {
    const tandem = await lived()
    const answer = await tandem.send("POST", "/do", { body: { op, data: { before: 3, collections: {} } } })
    expect([answer.status, inside(answer.json, "code")]).toEqual([400, "unknown-operation"])
  })
})

test("the horizon's row is shown by no read, and its name is taken", async () => {
  const tandem = await lived()
  await moveHorizon(tandem, 9)
  for (const path of ["/retention", "/retention/horizon", "/retention/horizon/history"]) expect((await tandem.get(path)).status).toBe(404)
  expect((await tandem.get("/log/13")).json).toMatchObject({ principal: "tandem", operations: [{ op: "retention.trim", data: { before: 9, collections: {} } }], writes: [] })
  expect((await tandem.send("POST", "/do", { body: { op: "collection.define", data: { name: "retention" } } })).status).toBe(422)
})
