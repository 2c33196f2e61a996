// Secrets with a mark, put through every operation, also in requests that fail: the mark is in no answer, on no line of
// stderr and nowhere on the disk, whatever is read and as of whichever version.
import { createHash } from "node:crypto"
import { beforeAll, describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { operations } from "../../src/operations/registry.ts"
import { PasswordQueue } from "../../src/operations/passwords.ts"
import { type Answer, Harness, inside, rootToken } from "./harness.ts"

const mark = "sekrit7"
const password = `${mark}-pass-word`
const hashMark = "hash-that-nobody-sees"

function hashed(text: string): string {
  return `${hashMark}:${createHash("sha256").update(text).digest("hex")}`
}

const passwords = new PasswordQueue({ hashPassword: async (text) => hashed(text), verifyPasswordHash: async (text, phc) => phc === hashed(text), isOutdatedHash: () => false })

/** Everything that anybody was told, apart from a new key's own answer. */
let told: string[]
let tandem: Harness
let token: string
let keyId: string
/** A one-time token. */
let oneTime = "to_not-made-yet"
let oneTimeId: string
let session = "ts_not-made-yet"
let sessionId: string

function tell({ text, headers }: Answer): void {
  told.push(text, ...[...headers].map(([name, value]) => `${name}: ${value}`))
}

async function send(path: string, body: unknown, type = "application/json", as: string | null = rootToken): Promise<Answer> {
  const answer = await tandem.send("POST", path, { body, token: as, headers: { "content-type": type } })
  tell(answer)
  return answer
}

/** The same by `/do`, dry, twice under one key, as a line of a stream with its results, and beside something that is refused. */
async function everyWay(operation: object, name: string): Promise<void> {
  await send("/do", { ...operation, dryRun: true })
  for (let n = 0; n < 2; n++) tell(await tandem.send("POST", "/do", { body: operation, headers: { "idempotency-key": `once-${name}` } }))
  await send("/do/stream?results=true&onError=continue", `${JSON.stringify(operation)}\n`, "application/x-ndjson")
  await send("/do", { operations: [operation, { op: "user.delete", data: { id: "nobody" } }] })
}

beforeAll(async () => {
  tandem = new Harness({ bodyBytesMax: bounds.bodyBytesMax }, passwords)
  told = []
  await tandem.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com" } }, { op: "collection.define", data: { name: "goals" } })
  const made = await tandem.commit({ op: "key.create", data: { name: "web", scopes: ["read"] } })
  token = String(inside(made.json, "results", 0, "key"))
  keyId = String(inside(made.json, "results", 0, "id"))
})

/** What must be nowhere: the password, the key, and what each is stored as. */
function secrets(): readonly string[] {
  return [mark, token.slice(3), oneTime.slice(3), session.slice(3), hashMark, ...[token, oneTime, session, password].map((secret) => createHash("sha256").update(secret).digest("hex"))]
}

function expectNothingTold(): void {
  const said = [...told, ...tandem.reported]
  for (const secret of secrets()) expect(said.filter((text) => text.includes(secret))).toEqual([])
}

test("setting, checking and removing a password tells nobody what it is", async () => {
  await everyWay({ op: "credential.setPassword", data: { userId: "ada", password } }, "set")
  const reference = { operations: [{ op: "user.create", data: { email: "bob@example.com" }, as: "u" }, { op: "credential.setPassword", data: { userId: { $ref: "u.id" }, password }, as: "c" }] }
  await send("/do", reference)
  expect((await send("/verify", { email: "ada@example.com", password })).json).toEqual({ match: true, userId: "ada" })
  expect((await send("/verify", { email: "ada@example.com", password: `${password}x` })).json).toEqual({ match: false })
  await everyWay({ op: "credential.remove", data: { userId: "ada" } }, "remove")
  await send("/do", { op: "credential.setPassword", data: { userId: "ada", password } })
  expectNothingTold()
})

test("a revert brings no password back, and says nothing of it", async () => {
  await tandem.commit({ op: "user.create", data: { id: "tmp", email: "tmp@example.com" } })
  await send("/do", { op: "credential.setPassword", data: { userId: "tmp", password } })
  await tandem.commit({ op: "user.delete", data: { id: "tmp" } })
  for (let version = 1; version <= tandem.node.committed(); version++) {
    for (const force of [false, true]) await send("/do", { op: "revert", data: { version, force }, dryRun: true })
  }
  await everyWay({ op: "revert", data: { version: tandem.node.committed() } }, "revert")
  expect((await tandem.get("/users/tmp")).status).toBe(200)
  expect((await send("/verify", { email: "tmp@example.com", password })).json).toEqual({ match: false })
  for (const collection of ["credentials", "keys"]) expect((await send("/do", { op: "revert", data: { collection, id: "tmp", to: 1 } })).status).toBe(422)
  expectNothingTold()
})

test("a request that fails does not hand its password back", async () => {
  const data = { userId: "ada", password }
  const wrong: readonly unknown[] = [
    { op: "credential.setPassword", data: { ...data, userId: "nobody" } },
    { op: "credential.setPassword", data: { ...data, userId: 5 } },
    { op: "credential.setPassword", data: { ...data, colour: password } },
    { op: "credential.setPassword", data: { ...data, password: mark } },
    { op: "credential.setPassword", data: { ...data, password: password.repeat(200) } },
    { op: "credential.setPassword", data: { ...data, password: [password] } },
    { op: "credential.setPassword", data: { ...data, password: { value: password } } },
    { op: "credential.setPassword", data: { ...data, password: { $ref: password } } },
    { op: "credential.setPassword", data: password },
    { op: "credential.setPassword", data: [password] },
    { op: "credential.setPassword", data, if: { absent: true } },
    { op: "credential.setPassword", data, if: password },
    { op: "credential.setPassword", data, as: password.repeat(9) },
    { op: "credential.setPassword", data, password },
    { op: "credential.setPassword", data, note: 5 },
    { op: "credential.setpassword", data },
    { operations: [{ op: "credential.setPassword", data }], ifVersion: 1 },
    { operations: [{ op: "credential.setPassword", data }], password },
    { operations: [password] },
    { operations: password },
    `{"op":"credential.setPassword","data":{"password":"${password}"`,
    `{"op":"credential.setPassword","data":{"password":${password}}}`,
    `{"op":"credential.setPassword","data":{"password":'${password}'}}`,
    `{"op":"credential.setPassword","data":{"password":"${password}\\u0000"}}`,
    `{"op":"credential.setPassword","data":{"password":"${password}\\ud800"}}`,
    `"${password}"`,
    password,
  ]
  for (const body of wrong) {
    const { status } = await send("/do", body)
    expect([JSON.stringify(body).slice(0, 100), status >= 400 && status < 500]).toEqual([JSON.stringify(body).slice(0, 100), true])
    await send("/do/stream?onError=continue", `${typeof body === "string" ? body : JSON.stringify(body)}\n`, "application/x-ndjson")
    await send("/do", body, "text/plain")
    await send("/do", body, "application/json", null)
    await send(`/do?password=${password}`, body)
  }
  const credentials: readonly unknown[] = [{ email: password, password: 5 }, { email: "ada@example.com", password, colour: password }, { email: [password], password: [password] }, password, `{"password":${password}}`, { password }]
  for (const body of credentials) expect((await send("/verify", body)).status).toBe(400)
  expectNothingTold()
})

test("where the node is broken, nobody is told either", async () => {
  const body = { op: "credential.setPassword", data: { userId: "ada", password } }
  const { submit } = tandem.node
  tandem.node.submit = () => Promise.reject(new Error(password))
  await send("/do", body)
  await send("/do/stream", `${JSON.stringify(body)}\n`, "application/x-ndjson")
  tandem.node.submit = submit
  const lookup = tandem.node.reader.lookup.bind(tandem.node.reader)
  tandem.node.reader.lookup = () => {
    throw new Error(password)
  }
  await send("/verify", { email: "ada@example.com", password })
  tandem.node.reader.lookup = lookup
  expect(tandem.reported.length).toBeGreaterThanOrEqual(3)
  expectNothingTold()
  tandem.reported.length = 0
})

test("a key is shown by the request that made it, and by nothing after it", async () => {
  const create = { op: "key.create", data: { name: "cli", scopes: ["read"] }, as: "k" }
  const headers = { "idempotency-key": "made-once" }
  const made = await tandem.send("POST", "/do", { body: create, headers })
  const shown = String(inside(made.json, "results", 0, "key"))
  expect(shown).toMatch(/^tk_/)
  const again = await tandem.send("POST", "/do", { body: create, headers })
  expect(again.json).toMatchObject({ secretsOmitted: true })
  expect(again.text).not.toContain(shown)
  expect((await tandem.get("/users", { token: shown })).status).toBe(200)
  tell(again)
  await send("/do", { operations: [create, { op: "document.create", data: { collection: "goals", value: { stolen: { $ref: "k.key" } } } }] })
  for (const path of ["/users", "/users?token=x", "/nothing", "/do/x", "/log"]) tell(await tandem.get(path, { token }))
  tell(await tandem.get("/users", { token: `${token} ` }))
  tell(await tandem.get("/users", { token: null, headers: { authorization: `Basic ${token}` } }))
  await everyWay({ op: "key.revoke", data: { id: keyId } }, "revoke")
  for (const path of ["/users", "/status"]) {
    const dead = await tandem.get(path, { token })
    expect(dead.status).toBe(401)
    tell(dead)
  }
  const said = told.filter((text) => text.includes(shown.slice(3)))
  expect(said).toEqual([])
  expectNothingTold()
})

test("a one-time token is shown by the request that made it, and by nothing after it", async () => {
  const create = { op: "token.create", data: { purpose: "reset", userId: "ada" }, as: "t" }
  const headers = { "idempotency-key": "token-once" }
  const made = await tandem.send("POST", "/do", { body: create, headers })
  oneTime = String(inside(made.json, "results", 0, "token"))
  oneTimeId = String(inside(made.json, "results", 0, "id"))
  expect(oneTime).toMatch(/^to_/)
  const again = await tandem.send("POST", "/do", { body: create, headers })
  expect(again.json).toMatchObject({ secretsOmitted: true })
  tell(again)
  const data = { token: oneTime, purpose: "reset" }
  const wrong: readonly unknown[] = [
    { op: "token.consume", data: { ...data, purpose: "other" } },
    { op: "token.consume", data: { ...data, purpose: 5 } },
    { op: "token.consume", data: { ...data, colour: oneTime } },
    { op: "token.consume", data: { ...data, token: [oneTime] } },
    { op: "token.consume", data: { ...data, token: { $ref: oneTime } } },
    { op: "token.consume", data: { ...data, token: oneTime.repeat(9) } },
    { op: "token.consume", data: oneTime },
    { op: "token.consume", data, as: oneTime.repeat(9) },
    { op: "token.consume", data, if: oneTime },
    { operations: [create, { op: "document.create", data: { collection: "goals", value: { stolen: { $ref: "t.token" } } } }] },
  ]
  for (const body of wrong) {
    expect((await send("/do", body)).status).toBeOneOf([400, 404, 412, 422])
    await send("/do/stream?onError=continue", `${JSON.stringify(body)}\n`, "application/x-ndjson")
  }
  await everyWay({ op: "token.consume", data }, "consume")
  expect((await tandem.get("/users", { token: oneTime })).status).toBe(401)
  expectNothingTold()
})

test("a session's token is shown by the request that made it, and by nothing after it; the password that logged in by nothing", async () => {
  const login = { op: "session.create", data: { email: "ada@example.com", password }, as: "s" }
  const headers = { "idempotency-key": "session-once" }
  const made = await tandem.send("POST", "/do", { body: login, headers })
  session = String(inside(made.json, "results", 0, "token"))
  sessionId = String(inside(made.json, "results", 0, "id"))
  expect(session).toMatch(/^ts_/)
  const again = await tandem.send("POST", "/do", { body: login, headers })
  expect(again.json).toMatchObject({ secretsOmitted: true })
  tell(again)
  const wrong: readonly unknown[] = [
    { op: "session.create", data: { ...login.data, userId: "ada" } },
    { op: "session.create", data: { ...login.data, colour: password } },
    { op: "session.create", data: { ...login.data, ttl: password } },
    { op: "session.create", data: { ...login.data, email: 5 } },
    { op: "session.create", data: { ...login.data, email: { $ref: password } } },
    { op: "session.create", data: { ...login.data, password: { $ref: password } } },
    { op: "session.create", data: { ...login.data, password: password.repeat(200) } },
    { op: "session.create", data: { email: "ada@example.com", password: `${password}x` } },
    { op: "session.create", data: { email: password, password } },
    { op: "session.create", data: { password } },
    { operations: [login, { op: "document.create", data: { collection: "goals", value: { stolen: { $ref: "s.token" } } } }] },
  ]
  for (const body of wrong) {
    expect((await send("/do", body)).status).toBeOneOf([400, 401, 422])
    await send("/do/stream?onError=continue", `${JSON.stringify(body)}\n`, "application/x-ndjson")
  }
  tell(await tandem.get("/users/ada/sessions"))
  for (const path of ["/users/ada", "/users/ada/sessions", "/users/bob", "/goals/x", "/log", "/status", "/do/x", `/${session}`, `/users/${session}/sessions`]) {
    const answer = await tandem.get(path, { token: session })
    if (!path.includes(session)) tell(answer)
  }
  tell(await tandem.get("/users/ada", { token: `${session}x` }))
  const change = (data: object) => ({ op: "credential.setPassword", data: { userId: "ada", password, currentPassword: password, ...data } })
  const changes = [change({}), change({ currentPassword: `${password}x` }), change({ userId: "nobody" }), change({ password: mark.slice(0, 3), currentPassword: password.repeat(200) }), change({ revokeSessions: password }), change({ currentPassword: { $ref: password } })]
  for (const body of changes) for (const as of [session, null, rootToken]) await send("/do", body, "application/json", as)
  tell(await tandem.get("/changes?limit=500", { token: session }))
  tell(await tandem.get("/users/ada/history", { token: session }))
  for (const id of [sessionId, "other"]) await send("/do", { op: "session.touch", data: { id }, note: "by a session" }, "application/json", session)
  await everyWay({ op: "session.touch", data: { id: sessionId } }, "touch")
  await everyWay({ op: "session.revoke", data: { id: sessionId } }, "end")
  expectNothingTold()
})

describe("whatever is read afterwards", () => {
  test("as of whichever version shows none of them", async () => {
    const paths = ["users", "users/ada", "users/ada/history", "collections", "goals", "credentials", "credentials/ada", "credentials/ada/history", "keys", `keys/${keyId}`, `keys/${keyId}/history`, "tokens", `tokens/${oneTimeId}`, `tokens/${oneTimeId}/history`, "identities", "identities/x", "sessions", `sessions/${sessionId}`, `sessions/${sessionId}/history`, "users/ada/sessions"]
    for (let at = 0; at <= tandem.node.committed(); at++) for (const path of paths) tell(await tandem.get(`/${path}?at=${at}`))
    for (let version = 1; version <= tandem.node.committed(); version++) for (const path of [`/log/${version}`, `/changes?since=${version - 1}&limit=1`]) tell(await tandem.get(path))
    for (const path of ["/log?limit=500", "/changes?limit=500", "/users?email=ada@example.com", "/status", "/status/verify", "/do/once-set", "/do/made-once", "/do/token-once", "/do/session-once", "/livez", "/readyz"]) tell(await tandem.get(path))
    expectNothingTold()
  })

  test("the disk holds neither the password nor a key, only hashes", () => {
    const disk = tandem.node.reader.disk()
    expect(disk).toContain(Buffer.from(hashMark).toString("hex"))
    for (const secret of [mark, token, token.slice(3), oneTime, oneTime.slice(3), session, session.slice(3)]) expect(disk.includes(Buffer.from(secret).toString("hex"))).toBe(false)
    expect(disk.includes(Buffer.from(token.slice(3), "base64url").toString("hex"))).toBe(false)
  })

  test("no operation that takes a secret was forgotten here", () => {
    // collection.define looks at documents ahead, and takes none.
    expect(operations.filter(({ name, seal }) => seal !== undefined && name !== "collection.define").map(({ name }) => name)).toEqual(["credential.setPassword", "key.create", "session.create", "token.consume", "token.create"])
  })
})
