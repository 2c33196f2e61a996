// Random bodies for the routes that take one: valid operations over a few names, so that they meet each other, and then
// fragments of them put where they do not belong, and texts that are cut or altered. Everything follows from the seed.
import { operations } from "../../src/operations/registry.ts"
import type { Random } from "../sim/random.ts"

type Value = unknown

const ids = ["a", "a", "b", "b", "c", "é", "a/b", "%00", "用".repeat(256), "__proto__", "toString"]
const emails = ["a@x.org", "A@x.org", "b@x.org", " b@X.org ", "Zoë@x.org", "Zoe\u0308@x.org", `${"用".repeat(250)}@x`]
const collections = ["goals", "goals", "notes", "tasks"]
const oddities: readonly Value[] = [
  null, true, 0, -1, 1.5, -0, 1e15, 9007199254740991, "", " ", ".", "..", "users", "keys", "x".repeat(300), "\u0001", "e\u0301", "\u{1f600}", "$ref", [], {}, [[]], [null], { a: { b: [1, { c: null }] } },
  { $ref: "r0.id" }, { $ref: "r1.value" }, { $ref: "r0" }, { $ref: "" }, { $ref: 5 }, { $ref: "r0.id", x: 1 }, { refused: true, code: "internal" }, "2026-01-31T12:00:00Z", "2026-02-30T12:00:00Z",
]
const pieces = ['"', "{", "}", "[", "]", ",", ":", "\\", "\\u0000", "\\ud800", "9007199254740993", "1e999", '"__proto__":', '"constructor":', "null", "\u0000", "\n", "\ufeff", "[".repeat(40), '"op":"user.delete",']
const fieldNames = ["op", "data", "as", "if", "operations", "ifVersion", "dryRun", "note", "key", "at", "id", "email", "value", "collection", "userId", "password", "__proto__", "constructor", "toString", "$ref", "a/b~c"]

function text(random: Random): string {
  return random.pick(["x", "Ada", "a title", "", "日本語", "x".repeat(random.between(0, 400))])
}

function object(random: Random, depth = 0): Value {
  const found: { [name: string]: Value } = {}
  for (let n = random.between(0, 3); n > 0; n--) found[random.pick(["a", "b", "c", "nested/~"])] = depth < 4 && random.chance(0.4) ? object(random, depth + 1) : random.pick([null, 1, text(random), [1, text(random)], true])
  return found
}

/** Of a definition that some of the documents fit. */
function fields(random: Random): Value {
  const names = ["a", "b", "c", "n"].filter(() => random.chance(0.6))
  return Object.fromEntries(names.map((name) => [name, { type: random.pick(["string", "string", "number", "boolean", "json", "time"]), ...(random.chance(0.6) ? { [random.pick(["index", "index", "unique", "required"])]: true } : {}) }]))
}

/** The data of one operation, valid on its own. */
function data(random: Random, op: string): Value {
  const id = random.pick(ids)
  const collection = random.pick(collections)
  switch (op) {
    case "user.create":
      return { ...(random.chance(0.7) ? { id } : {}), email: random.pick(emails), ...(random.chance(0.5) ? { name: "Ada", data: object(random) } : {}) }
    case "user.update":
      return { id, ...(random.chance(0.5) ? { email: random.pick(emails) } : {}), ...(random.chance(0.5) ? { data: object(random), disabled: random.chance(0.5) } : {}) }
    case "credential.setPassword":
      return { userId: id, password: random.pick(["right horse", "wrong horse"]), ...(random.chance(0.3) ? { revokeSessions: random.chance(0.5) } : {}) }
    case "credential.link":
    case "credential.unlink":
      return { ...(op === "credential.link" ? { userId: id } : {}), issuer: random.pick(["https://i", "日本語"]), subject: random.pick(["1", "2"]) }
    case "credential.remove":
      return { userId: id }
    case "collection.define":
      return { name: random.chance(0.2) ? "users" : collection, ...(random.chance(0.5) ? { fields: random.chance(0.3) ? null : fields(random) } : {}) }
    case "collection.drop":
      return { name: collection }
    case "document.create":
    case "document.put":
      return { collection, ...(random.chance(0.8) ? { id } : {}), value: object(random) }
    case "document.patch":
      return { collection, id, patch: object(random) }
    case "document.increment":
      return { collection, id, field: random.pick(["n", "a", "b"]), by: random.pick([1, -1, 0.5, 9007199254740991]), ...(random.chance(0.3) ? { min: 0, max: random.pick([1, 10]) } : {}) }
    case "document.delete":
      return { collection, id }
    case "revert":
      return { ...(random.chance(0.6) ? { version: random.between(1, 30) } : { collection: random.pick(["users", collection]), id, to: random.between(0, 30) }), ...(random.chance(0.5) ? { force: random.chance(0.8) } : {}) }
    case "key.create":
      return { name: "k", scopes: ["read"], ...(random.chance(0.3) ? { expiresAt: "2030-01-01T00:00:00Z" } : {}) }
    case "session.create": {
      const who = random.chance(0.6) ? { userId: id } : { email: random.pick(emails), password: random.pick(["right horse", "wrong horse"]) }
      return { ...who, ...(random.chance(0.3) ? { ttl: "1d" } : {}), ...(random.chance(0.3) ? { idle: random.pick(["1s", "30m"]), data: object(random) } : {}) }
    }
    case "session.touch":
    case "session.revoke":
      return random.chance(0.5) ? { id: { $ref: `r${random.between(0, 2)}.id` } } : { id }
    case "session.revokeAll":
      return { userId: id, ...(random.chance(0.2) ? { except: id } : {}) }
    case "token.create":
      return { purpose: random.pick(["p", "q"]), ...(random.chance(0.5) ? { userId: id } : {}), ...(random.chance(0.3) ? { ttl: random.pick(["1s", "30d"]) } : {}), ...(random.chance(0.3) ? { data: object(random) } : {}) }
    case "token.consume":
      return { token: random.pick(["", "to_x", text(random).slice(0, 200)]), purpose: "p" }
    default:
      return { id }
  }
}

function operation(random: Random, index: number): Value {
  // Rarely what makes most of the others impossible.
  const { name } = random.pick(operations.filter(({ name }) => !name.endsWith("drop") || random.chance(0.1)))
  const condition = random.pick<Value>([{ absent: true }, { present: true }, { version: random.between(0, 20) }])
  return { op: name, data: data(random, name), ...(random.chance(0.4) ? { as: `r${index}` } : {}), ...(random.chance(0.08) ? { if: condition } : {}) }
}

function transaction(random: Random): { [name: string]: Value } {
  const list = Array.from({ length: random.chance(0.8) ? random.between(1, 2) : random.between(3, 12) }, (_, n) => operation(random, n))
  return {
    ...(list.length === 1 && random.chance(0.5) ? (list[0] as object) : { operations: list }),
    ...(random.chance(0.1) ? { dryRun: random.chance(0.8) } : {}),
    ...(random.chance(0.05) ? { ifVersion: random.between(0, 30) } : {}),
    ...(random.chance(0.2) ? { note: text(random).slice(0, 100) } : {}),
  }
}

/** The value with one thing in it, at any depth, replaced, dropped, added or doubled. */
function altered(random: Random, value: Value): Value {
  if (typeof value !== "object" || value === null || random.chance(0.15)) return random.pick([...oddities, data(random, random.pick(operations).name)])
  if (Array.isArray(value)) {
    const n = random.between(0, Math.max(0, value.length - 1))
    if (value.length === 0 || random.chance(0.1)) return [...value, random.pick(oddities)]
    if (random.chance(0.15)) return [...value, value[n]]
    return value.map((item, index) => (index === n ? altered(random, item) : item))
  }
  const entries = Object.entries(value)
  if (entries.length === 0 || random.chance(0.15)) return Object.fromEntries([...entries, [random.pick(fieldNames), random.pick(oddities)]])
  const n = random.between(0, entries.length - 1)
  if (random.chance(0.15)) return Object.fromEntries(entries.filter((_, index) => index !== n))
  return Object.fromEntries(entries.map(([name, inner], index) => (index === n ? [random.chance(0.1) ? random.pick(fieldNames) : name, altered(random, inner)] : [name, inner])))
}

/** The text with a piece put into it, cut out of it, or its rest cut off. */
function damaged(random: Random, json: string): string {
  const at = random.between(0, json.length)
  switch (random.between(0, 3)) {
    case 0:
      return json.slice(0, at)
    case 1:
      return json.slice(0, at) + json.slice(at + random.between(1, 8))
    default:
      return json.slice(0, at) + random.pick(pieces) + json.slice(at)
  }
}

function spoiled(random: Random, value: Value): string {
  let spoilt = value
  for (let n = random.pick([0, 0, 0, 0, 0, 1, 1, 2, 4]); n > 0; n--) spoilt = altered(random, spoilt)
  const json = JSON.stringify(spoilt)
  return random.chance(0.08) ? damaged(random, json) : json
}

export function randomTransaction(random: Random): string {
  return spoiled(random, transaction(random))
}

export function randomLines(random: Random): string {
  const lines = Array.from({ length: random.between(1, 6) }, () => {
    const key = random.chance(0.4) ? { key: `k${random.between(0, 5)}` } : {}
    const at = random.chance(0.1) ? { at: random.pick(["2026-03-01T12:00:00Z", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "x"]) } : {}
    return spoiled(random, { ...transaction(random), ...key, ...at })
  })
  return lines.join(random.pick(["\n", "\n", "\r\n", "\n\n"])) + random.pick(["", "\n"])
}

export function randomCredentials(random: Random): string {
  return spoiled(random, { email: random.pick(emails), password: random.pick(["right horse", "wrong horse"]) })
}

const feedQueries = ["", "?since=0", "?since=5&limit=1", "?since=999", "?since=-1", "?since=%00", "?collections=goals", "?collections=users,notes&since=3", "?collections=keys", "?collections=,", "?limit=0", "?colour=red"]

/** A query of a list, of one to three parts that may go together. */
function listQuery(random: Random): string {
  const parts = ["sort=email", "sort=-email", "sort=a", "sort=-", "email.gte=a", "email.lt=B@x.org", "email.gt=%00", "email.ne=a", "a=1", "a.gte=A", "b.lt=2", "c=true", "n.gte=1", "sort=b", "sort=-n", "fields=a", "fields=a,a", "fields=", "count=true", "count=1", "limit=2", "at=3", "cursor=AAAAAAAAAAAAAAAAAAAAYQ", "__proto__=1", "constructor.gt=1"]
  return `?${Array.from({ length: random.between(1, 3) }, () => random.pick(parts)).join("&")}`
}

/** A path of a read, mostly of something that may be there. */
export function randomPath(random: Random): string {
  const collection = random.pick([...collections, "users", "users", "users", "collections", "credentials", "keys", "log", "do", "a%2fb"])
  const id = random.pick([...ids.map(encodeURIComponent), "%", "%ff", "1", "."])
  const query = random.pick(["", "", "", "", "", "?at=1", "?at=5", "?at=x", "?at=999", "?limit=1", "?limit=501", listQuery(random), listQuery(random), "?email=a@x.org", "?email=%00", "?issuer=https://i&subject=1", "?issuer=&subject=1", "?cursor=AAAA", `?cursor=${"A".repeat(9_000)}`, "?atTime=2026-03-01T12:00:10Z", "?%00=1"])
  return random.pick([`/${collection}${query}`, `/${collection}/${id}${query}`, `/${collection}/${id}/history${query}`, `/users/${id}/sessions${query}`, `/changes${random.pick(feedQueries)}`])
}
