// Secrets where they do not belong, and everything that can be read of a store that has some: no answer quotes one. What a client
// sends as a name is said, as it must know which one was wrong; a token of ours is not, even there.
import { createHash } from "node:crypto"
import { beforeAll, expect, test } from "bun:test"
import { operations } from "../../src/operations/registry.ts"
import { EventReader } from "./feed/event-reader.ts"
import { type Answer, Harness, inside, rootToken } from "./harness.ts"
import { placesIn, withAt } from "./spoiled-data.ts"
import { type Story, tellStory } from "./story.ts"

const password = "sekrit7 pass word"
const nextPassword = "sekrit7 other word"

let tandem: Harness
let story: Story
let tokens: readonly string[]
let session: string
/** Everything that anybody was told. */
const told: string[] = []

function tell({ text, headers }: Answer): void {
  told.push(text, ...[...headers].map(([name, value]) => `${name}: ${value}`))
}

/** The tokens with what each is stored as, and the passwords. */
function secrets(): readonly string[] {
  return ["sekrit7", ...tokens.flatMap((token) => [token.slice(3), createHash("sha256").update(token).digest("hex"), createHash("sha256").update(token).digest("base64url")])]
}

function expectNothingTold(): void {
  for (const secret of secrets()) expect([...told, ...tandem.reported].filter((text) => text.includes(secret)).map((text) => text.slice(0, 500))).toEqual([])
  told.length = 0
}

beforeAll(async () => {
  tandem = new Harness({ bodyBytesMax: 1024 * 1024 })
  story = await tellStory(tandem)
  const fields = { owner: { type: "reference", to: "users" }, text: { type: "string", unique: true }, n: { type: "integer", index: true }, at: { type: "time" } }
  await tandem.commit({ op: "collection.define", data: { name: "things", fields, access: { create: "user", read: "public", update: "user", delete: "user" } } })
  await tandem.commit(...["a", "b", "c"].map((id, n) => ({ op: "document.create", data: { collection: "things", id, value: { owner: "ada", text: id, n } } })))
  const { json } = await tandem.commit(
    { op: "credential.setPassword", data: { userId: "ada", password } },
    { op: "key.create", data: { name: "web", scopes: ["admin"] } },
    { op: "token.create", data: { purpose: "reset", userId: "ada" } },
    { op: "session.create", data: { userId: "ada" } },
  )
  session = String(inside(json, "results", 3, "token"))
  tokens = [String(inside(json, "results", 1, "key")), String(inside(json, "results", 2, "token")), session]
  expect(tokens.map((token) => token.slice(0, 3))).toEqual(["tk_", "to_", "ts_"])
})

const exampleOf = ({ example }: (typeof operations)[number]): unknown => JSON.parse(story.real(JSON.stringify(example.data)))

/** Fields that name something: what was wrong with them is told with the name. */
const names: ReadonlySet<string> = new Set(["id", "userId", "except", "collection", "to", "field"])

async function sendWrong(body: object): Promise<void> {
  for (const token of [rootToken, session, null]) {
    const answer = await tandem.send("POST", "/do", { token, body: { ...body, dryRun: true } })
    // What is taken is the client's own data from then on.
    if (answer.status >= 400) tell(answer)
  }
  const line = await tandem.send("POST", "/do/stream", { body: `${JSON.stringify({ ...body, dryRun: true })}\n`, headers: { "content-type": "application/x-ndjson" } })
  if (line.text.includes('"problem"')) tell(line)
}

test.each(operations.map((operation) => [operation.name, operation] as const))("a secret in any field of %s that is refused is not quoted", async (op, operation) => {
  const example = exampleOf(operation)
  for (const place of placesIn(example)) {
    const isName = op === "collection.define" || op === "collection.drop" || names.has(place.at(-1) ?? "")
    for (const secret of [...tokens, ...(isName ? [] : [password, nextPassword])]) {
      for (const value of [secret, [secret], { a: secret }, { $ref: secret.slice(0, 3) === "sek" ? "x.y" : secret }]) await sendWrong({ op, data: withAt(example, place, value) })
    }
  }
  for (const secret of tokens) {
    await sendWrong({ op, data: withAt(example, [secret], secret) })
    await sendWrong({ op, data: example, as: secret })
    await sendWrong({ op, data: example, if: { version: secret } })
    await sendWrong({ op, data: example, [secret]: secret })
    await sendWrong({ op: secret, data: example })
    await sendWrong({ op, data: example, note: 5, ifVersion: secret })
  }
  for (const secret of [password, nextPassword]) await sendWrong({ op, data: example, if: { version: secret }, ifVersion: secret })
  expectNothingTold()
})

test("a secret in a path, a query or a header is not quoted", async () => {
  const paths = (secret: string) => [`/${secret}`, `/${secret}/${secret}`, `/users/${secret}`, `/users/${secret}/history`, `/users/${secret}/sessions`, `/things/${secret}`, `/things/${secret}/history`, `/do/${secret}`, `/log/${secret}`, `/a/b/c/${secret}`, `/collections/${secret}`]
  const queries = (secret: string) => ["at", "atTime", "limit", "cursor", "sort", "fields", "count", "email", "text", "n", "n.gte", "owner", "at.lt", "plain", secret, `n.${secret}`, "token", "access_token", "password", "since", "collections", "wait", "for", "from", "issuer"].map((name) => `${name}=${secret}`)
  for (const token of [rootToken, session, null]) {
    for (const secret of tokens) for (const path of paths(secret)) tell(await tandem.get(path, { token }))
    for (const secret of [...tokens, password.replaceAll(" ", "+")]) {
      const isNamed = (query: string): boolean => secret.startsWith("sek") && /^(sort|fields|collections|sekrit7.*|n\.sekrit7.*)=/.test(query)
      for (const path of ["/things", "/users", "/collections", "/things/a", "/things/a/history", "/changes", "/log", "/status", "/readyz", "/openapi.json", "/do/x"]) {
        for (const query of queries(secret).filter((one) => !isNamed(one))) tell(await tandem.get(`${path}?${query}`, { token }))
      }
    }
  }
  for (const secret of tokens) {
    const headers = { "tandem-min-version": secret, "last-event-id": secret, "if-none-match": secret, "content-type": secret, accept: "text/event-stream" }
    for (const [name, value] of Object.entries(headers)) tell(await tandem.get("/changes", { headers: { ...(name === "last-event-id" ? { accept: "text/event-stream" } : {}), ...(name === "accept" ? {} : { [name]: value }) }, ...(name === "accept" ? { token: `${secret}x` } : {}) }))
    for (const authorization of [secret, `Basic ${secret}`, `Bearer ${secret} x`, `Bearer ${secret}x`, `Token ${secret}`]) tell(await tandem.get("/users", { token: null, headers: { authorization } }))
    tell(await tandem.send("POST", "/do", { body: { op: "user.delete", data: { id: "nobody" } }, headers: { "idempotency-key": `${secret} ${secret}` } }))
    tell(await tandem.send("POST", "/verify", { body: { email: secret, password: secret } }))
    tell(await tandem.send("POST", "/verify", { body: { email: "ada@example.com", password: secret, [secret]: secret } }))
  }
  expectNothingTold()
})

test("lists with every filter, order and choice of fields, histories, the log, the description and the feed tell none", async () => {
  const lists = ["sort=text", "sort=-n", "n.gte=0&sort=text", "owner=ada&fields=text", "fields=owner,n&count=true", "text=a", "count=true&limit=1", "at=6"]
  const users = ["sort=email", "sort=-email", "email.gte=a", "email.lt=z&count=true", "fields=password", "fields=hash,token", "email=ada@example.com", "issuer=https://id.example.com&subject=1815"]
  for (const token of [rootToken, session, null, tandem.token("read"), tandem.token("log")]) {
    for (const query of lists) tell(await tandem.get(`/things?${query}`, { token }))
    for (const query of users) tell(await tandem.get(`/users?${query}`, { token }))
    for (const collection of ["credentials", "keys", "sessions", "tokens", "identities", "idempotency", "horizon"]) {
      for (const path of [`/${collection}`, `/${collection}/ada`, `/${collection}/ada/history`, `/changes?collections=${collection}`, `/${collection}?sort=hash`]) tell(await tandem.get(path, { token }))
    }
    for (const path of ["/users/ada", "/users/ada/history", "/users/ada/sessions", "/things/a/history", "/collections/users", "/openapi.json", "/status", "/status/verify", "/livez", "/readyz", "/log?limit=500", "/changes?limit=500", "/changes?limit=500&wait=10ms", "/changes?collections=things,users", "/do/sign-up-1"]) tell(await tandem.get(path, { token }))
  }
  expect(told.some((text) => text.includes('"credential.setPassword"'))).toBe(true)
  expectNothingTold()
})

test.each<readonly [string, () => string]>([["an API key", () => rootToken], ["a session", () => session]])("a stream of changes that %s opens tells none, of the past or as they come", async (_who, tokenOf) => {
  const headers: Record<string, string> = { authorization: `Bearer ${tokenOf()}`, accept: "text/event-stream" }
  const { body }: Response = await tandem.app.fetch(new Request("http://tandem.test/changes?since=0", { headers }))
  if (body === null) throw new Error("the stream has no body")
  const reader = new EventReader(body)
  await tandem.commit({ op: "credential.setPassword", data: { userId: "ada", password: nextPassword } }, { op: "session.create", data: { userId: "ada" } }, { op: "key.create", data: { name: "k", scopes: ["read"] } }, { op: "document.put", data: { collection: "things", id: "a", value: { text: "a" } } })
  const last = String(tandem.node.committed())
  for (let event = await reader.next(); event !== undefined; event = await reader.next()) {
    told.push(event.data)
    if (event.id === last) break
  }
  await reader.cancel()
  expect(told.length).toBeGreaterThan(1)
  expectNothingTold()
})
