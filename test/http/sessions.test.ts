// Logging in over HTTP, and GET /users/{id}/sessions.
import { beforeEach, describe, expect, test } from "bun:test"
import { Harness, inside } from "./harness.ts"
import { expectAnswer } from "./problem-shape.ts"

const password = "right horse"

let tandem: Harness

beforeEach(async () => {
  tandem = new Harness()
  await tandem.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com" } }, { op: "credential.setPassword", data: { userId: "ada", password } })
})

async function create(data: object): Promise<string> {
  const made = await tandem.commit({ op: "session.create", data })
  return String(inside(made.json, "results", 0, "id"))
}

async function listed(query = ""): Promise<string[]> {
  const answer = await tandem.get(`/users/ada/sessions${query}`)
  expectAnswer(answer, 200)
  return (inside(answer.json, "items") as { readonly id: string }[]).map(({ id }) => id)
}

describe("the sessions of a user", () => {
  test("are shown with what is known of them, but for their tokens", async () => {
    const id = await create({ userId: "ada", idle: "30m", ttl: "1d", data: { device: "phone" } })
    const answer = await tandem.get("/users/ada/sessions")
    const createdAt = inside(answer.json, "items", 0, "createdAt")
    expect(answer.json).toEqual({
      items: [{ id, userId: "ada", expiresAt: expect.any(String), idleExpiresAt: expect.any(String), idle: "30m", data: { device: "phone" }, createdAt, updatedAt: createdAt, version: 2, createdVersion: 2 }],
      version: 2,
      next: null,
    })
  })

  test("are those of then, whatever became of them (P7)", async () => {
    const one = await create({ userId: "ada" })
    const other = await create({ userId: "ada" })
    await tandem.commit({ op: "session.revoke", data: { id: one } })
    expect([await listed("?at=1"), await listed("?at=2"), await listed("?at=3"), await listed()]).toEqual([[], [one], [one, other], [other]])
  })

  test("come in pages that show one state", async () => {
    const ids = [await create({ userId: "ada" }), await create({ userId: "ada" }), await create({ userId: "ada" })]
    const first = await tandem.get("/users/ada/sessions?limit=2")
    expect(inside(first.json, "items")).toHaveLength(2)
    await tandem.commit({ op: "session.revokeAll", data: { userId: "ada" } })
    const link = /^<([^>]+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1] ?? ""
    const second = await tandem.get(link)
    expect(inside(second.json, "items")).toEqual([expect.objectContaining({ id: ids[2] })])
    expect(inside(second.json, "next")).toBeNull()
    expectAnswer(await tandem.get(`/users/bob/sessions?cursor=${String(inside(first.json, "next"))}`), 400)
  })

  test("are gone from the version whose record is as late as their end", async () => {
    const id = await create({ userId: "ada", ttl: "1h" })
    tandem.node.nowMs += 3_540_000
    await tandem.commit({ op: "user.update", data: { id: "ada", name: "Ada" } })
    expect(await listed()).toEqual([id])
    tandem.node.nowMs += 60_000
    await tandem.commit({ op: "user.update", data: { id: "ada", name: "Lovelace" } })
    expect([await listed(), await listed("?at=3")]).toEqual([[], [id]])
  })

  test("of a user that is not there are missing, of one without any none", async () => {
    expect(await listed()).toEqual([])
    expectAnswer(await tandem.get("/users/nobody/sessions"), 404)
    expectAnswer(await tandem.get("/users/ada/sessions?at=0"), 404)
    await tandem.commit({ op: "user.delete", data: { id: "ada" } })
    expectAnswer(await tandem.get("/users/ada/sessions"), 404)
  })
})

describe("logging in", () => {
  const login = (given: object = {}) => tandem.send("POST", "/do", { body: { op: "session.create", data: { email: "ada@example.com", password, ...given } } })

  test("with a wrong password or address is 401, the same, and does not say that the key is bad", async () => {
    const [wrong, unknown] = [await login({ password: "wrong horse" }), await login({ email: "eve@example.com" })]
    for (const answer of [wrong, unknown]) {
      expectAnswer(answer, 401)
      expect(answer.json).toMatchObject({ code: "login-failed", operation: 0 })
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="tandem"')
    }
    expect(wrong.json).toEqual(unknown.json)
    expect(tandem.node.committed()).toBe(1)
  })

  test("is slowed down for an account, and together with POST /verify", async () => {
    for (let n = 0; n < 3; n++) expectAnswer(await login({ password: "wrong horse" }), 401)
    for (let n = 0; n < 2; n++) await tandem.send("POST", "/verify", { body: { email: "ada@example.com", password: "wrong horse" } })
    expectAnswer(await login(), 429)
    expectAnswer(await tandem.send("POST", "/verify", { body: { email: "ADA@example.com", password } }), 429)
    expectAnswer(await login({ email: "eve@example.com" }), 401)
  })

  test("in a line of a stream is the same", async () => {
    const lines = [{ password }, { password: "wrong horse" }].map((given) => JSON.stringify({ op: "session.create", data: { email: "ada@example.com", ...given } }))
    const { text } = await tandem.send("POST", "/do/stream?results=true", { body: `${lines.join("\n")}\n`, headers: { "content-type": "application/x-ndjson" } })
    const [good, bad] = text.trim().split("\n").map((line): unknown => JSON.parse(line))
    expect(inside(good, "results", 0, "userId")).toBe("ada")
    expect(inside(bad, "problem", "code")).toBe("login-failed")
  })

  test("gives a token that opens what belongs to its user", async () => {
    const token = String(inside((await login()).json, "results", 0, "token"))
    expectAnswer(await tandem.get("/users/ada", { token }), 200)
  })
})
