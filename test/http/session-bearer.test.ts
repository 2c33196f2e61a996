// A session's token as bearer: what it opens by itself, before any access rule gives more.
import { beforeEach, describe, expect, test } from "bun:test"
import { refuse } from "../../src/refusal.ts"
import { type Answer, Harness, inside } from "./harness.ts"
import { expectAnswer } from "./problem-shape.ts"

let tandem: Harness
let id: string
let token: string
let other: string
let bobs: string

beforeEach(async () => {
  tandem = new Harness({ corsOrigins: ["https://app.example"] })
  await tandem.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com" } }, { op: "user.create", data: { id: "bob", email: "bob@example.com" } })
  const made = await tandem.commit(...["ada", "ada", "bob"].map((userId) => ({ op: "session.create", data: { userId } })))
  id = String(inside(made.json, "results", 0, "id"))
  token = String(inside(made.json, "results", 0, "token"))
  other = String(inside(made.json, "results", 1, "id"))
  bobs = String(inside(made.json, "results", 2, "id"))
})

function doing(op: string, data: object, headers: Record<string, string> = {}): Promise<Answer> {
  return tandem.send("POST", "/do", { token, body: { op, data }, headers })
}

/** Of what may not be seen and of what is not there, but for the request's own id. */
function expectAsMissing(answer: Answer, missing: Answer): void {
  expectAnswer(answer, 404)
  expect(answer.text).toBe(missing.text)
}

describe("a session", () => {
  test("is not said to be none by a node that may not have heard of it, which says that instead (P4)", async () => {
    for (const unknown of [`${token}x`, token.replace("_", "_x"), "neither-a-key-nor-a-session"]) {
      tandem.node.notReadable = refuse("unavailable", "This replica has not synced with its primary since it started.", { retryAfter: 1 })
      for (const path of ["/users/ada", "/users/ada/sessions", "/do/some-key"]) {
        const answer = await tandem.get(path, { token: unknown })
        expectAnswer(answer, 503)
        expect(inside(answer.json, "code")).toBe("unavailable")
      }
      expectAnswer(await tandem.send("POST", "/do", { token: unknown, body: { op: "session.touch", data: { id } } }), 503)
      tandem.node.notReadable = undefined
      tandem.node.stale = true
      expectAnswer(await tandem.get("/users/ada", { token: unknown }), 503)
      tandem.node.stale = false
      expectAnswer(await tandem.get("/users/ada", { token: unknown }), 401)
    }
  })

  test("reads its own user and lists its own sessions, and what belongs to others is as if it were not there", async () => {
    expect((await tandem.get("/users/ada", { token })).json).toMatchObject({ id: "ada", email: "ada@example.com" })
    expect(inside((await tandem.get("/users/ada/sessions", { token })).json, "items")).toHaveLength(2)
    const at = `?at=${tandem.node.committed()}`
    for (const path of ["/users/:/sessions", "/users/:"]) {
      for (const query of ["", at]) expectAsMissing(await tandem.get(path.replace(":", "bob") + query, { token }), await tandem.get(path.replace(":", "nobody") + query, { token }))
    }
  })

  test("touches and ends its own sessions, and no other's", async () => {
    expectAnswer(await doing("session.touch", { id }), 200)
    for (const op of ["session.touch", "session.revoke"]) {
      const [theirs, none] = [await doing(op, { id: bobs }), await doing(op, { id: "nothing" })]
      expectAnswer(theirs, 404)
      expect(theirs.text).toBe(none.text.replaceAll("nothing", bobs))
    }
    expectAnswer(await doing("session.revokeAll", { userId: "bob" }), 404)
    expect(inside((await doing("session.revokeAll", { userId: "ada", except: id })).json, "results", 0)).toEqual({ revoked: 1 })
    expectAnswer(await doing("session.revoke", { id: other }), 404)
    expectAnswer(await doing("session.revoke", { id }), 200)
    expectAnswer(await tandem.get("/users/ada", { token }), 401)
    expectAnswer(await tandem.get("/users/bob/sessions"), 200)
  })

  test("tells nothing of another's session by a condition", async () => {
    const conditioned = (asked: string, condition: object) => tandem.send("POST", "/do", { token, body: { op: "session.touch", data: { id: asked }, if: condition } })
    for (const condition of [{ version: 2 }, { version: 1 }, { absent: true }, { present: true }]) expectAnswer(await conditioned(bobs, condition), 404)
    expectAnswer(await conditioned(id, { version: 2 }), 200)
    expectAnswer(await conditioned(id, { version: 1 }), 412)
  })

  test("writes as its user, whose idempotency keys all of its sessions share", async () => {
    const headers = { "idempotency-key": "once" }
    expectAnswer(await doing("session.touch", { id }, headers), 200)
    const { version } = (await doing("session.touch", { id }, headers)).json as { readonly version: number }
    expect((await tandem.get("/do/once", { token })).json).toEqual({ outcome: "committed", version })
    expectAnswer(await tandem.get("/do/once"), 404)
    expect((await tandem.get(`/log/${version}`)).json).toMatchObject({ principal: "user:ada" })
  })

  test("gets 403 from what is for API keys only, routes and operations alike", async () => {
    for (const path of ["/status", "/status/verify", "/log", "/log/1"]) expectAnswer(await tandem.get(path, { token }), 403)
    for (const path of ["/verify", "/do/stream"]) expectAnswer(await tandem.send("POST", path, { token, body: {} }), 403)
    const refused = await doing("key.create", { name: "k", scopes: ["admin"] })
    expectAnswer(refused, 403)
    expect(refused.json).toMatchObject({ pointer: "/op" })
  })

  test("that has ended opens nothing any more", async () => {
    tandem.node.nowMs += 31 * 86_400_000
    for (const path of ["/users/ada", "/users/ada/sessions", "/do/once"]) expectAnswer(await tandem.get(path, { token }), 401)
    expectAnswer(await doing("session.touch", { id }), 401)
  })

  test("is sent by scripts of other origins after a preflight that allows the header", async () => {
    const origin = "https://app.example"
    const asked = { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type,idempotency-key" }
    const preflight = await tandem.send("OPTIONS", "/do", { token: null, headers: asked })
    expectAnswer(preflight, 204)
    expect(preflight.headers.get("access-control-allow-headers")?.toLowerCase()).toContain("authorization")
    for (const answer of [await tandem.get("/users/ada", { token, headers: { origin } }), await tandem.get("/users/ada", { token: "ts_x", headers: { origin } })]) {
      expect(answer.headers.get("access-control-allow-origin")).toBe(origin)
    }
  })
})
