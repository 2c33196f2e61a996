// Who may what, declared: for each route and each operation, what API keys need, and what a session of the owner, a session of
// another user and the public are answered under each access rule. The matrix test compares all of it with what is served.
import type { Scope } from "../../src/operations/scope.ts"

export const rules = ["server", "user", "owner", "public"] as const
export type RuleName = (typeof rules)[number]

/** A status; or 200, with the entity in the answer (`shown`) or without it (`empty`). */
export type Outcome = number | "shown" | "empty"
/** One for all rules, or one for each. */
export type Outcomes = Outcome | readonly [server: Outcome, user: Outcome, owner: Outcome, everyone: Outcome]

interface Asked {
  /** What an API key needs; `public` where nobody is asked for anything, `any` where any key will do. */
  readonly key: Scope | "any" | "public"
  /** What a key that has it is answered. */
  readonly granted?: Outcome
  readonly owner: Outcomes
  readonly other: Outcomes
  readonly anonymous: Outcomes
}

export interface AskedRoute extends Asked {
  readonly route: string
  /** `ADA` and `G1` are replaced by what is not there, to see that both are answered alike. */
  readonly path: string
  readonly body?: unknown
}

export interface AskedOperation extends Asked {
  readonly op: string
  readonly data: object
  /** Who may create an entity under an id of their choice finds out that it is taken: that cannot be hidden. */
  readonly tells?: true
}

const forKeys = { owner: 403, other: 403, anonymous: 401 } as const
const open = { key: "public", owner: 200, other: 200, anonymous: 200 } as const
/** An entity that belongs to the owner. */
const seen = { key: "read", granted: "shown", owner: [404, "shown", "shown", "shown"], other: [404, "shown", 404, "shown"], anonymous: [401, 401, 401, "shown"] } as const
/** A list in which it is. */
const listed = { ...seen, other: [404, "shown", "empty", "shown"] } as const
const changes = { ...seen, owner: ["empty", "shown", "shown", "shown"], other: ["empty", "shown", "empty", "shown"] } as const
const changed = { key: "write", owner: [404, 200, 200, 200], other: [404, 200, 404, 200], anonymous: [401, 401, 401, 200] } as const
const made = { ...changed, other: [404, 200, 200, 200] } as const

export const askedRoutes: readonly AskedRoute[] = [
  { route: "GET /openapi.json", path: "/openapi.json", ...open },
  { route: "GET /livez", path: "/livez", ...open },
  { route: "GET /readyz", path: "/readyz", ...open },
  { route: "GET /status", path: "/status", key: "any", ...forKeys },
  { route: "GET /status/verify", path: "/status/verify", key: "admin", ...forKeys },
  { route: "POST /do", path: "/do", body: { op: "session.create", data: { email: "ada@example.com", password: "right horse" }, dryRun: true }, key: "write", owner: 200, other: 200, anonymous: 200 },
  { route: "POST /do/stream", path: "/do/stream", body: "", key: "write", ...forKeys },
  { route: "GET /do/:key", path: "/do/unknown", key: "any", granted: 404, owner: 404, other: 404, anonymous: 401 },
  { route: "POST /verify", path: "/verify", body: { email: "ada@example.com", password: "right horse" }, key: "write", ...forKeys },
  { route: "POST /node/promote", path: "/node/promote", body: {}, key: "admin", ...forKeys },
  { route: "POST /node/solo", path: "/node/solo", body: { on: true }, key: "admin", ...forKeys },
  { route: "POST /node/handover", path: "/node/handover", body: {}, key: "admin", ...forKeys },
  { route: "GET /node/backup", path: "/node/backup", key: "admin", ...forKeys },
  { route: "GET /log", path: "/log", key: "log", ...forKeys },
  { route: "GET /log/:version", path: "/log/1", key: "log", ...forKeys },
  { route: "GET /changes", path: "/changes?limit=500", ...changes, anonymous: 401 },
  { route: "GET /changes", path: "/changes?limit=500&collections=goals", ...changes },
  { route: "GET /changes", path: "/changes?limit=500&collections=goals,collections", ...changes, anonymous: 401 },
  { route: "GET /users", path: "/users", ...listed },
  { route: "GET /users", path: "/users?email=ADA@example.com", ...seen },
  { route: "GET /users", path: "/users?issuer=https://id.example&subject=ADA", ...seen },
  { route: "GET /users/:id/sessions", path: "/users/ADA/sessions", key: "read", granted: "shown", owner: "shown", other: 404, anonymous: 401 },
  { route: "GET /:collection", path: "/goals", ...listed },
  { route: "GET /:collection", path: "/goals?count=true&limit=1", ...listed },
  { route: "GET /:collection", path: "/collections", key: "read", owner: 404, other: 404, anonymous: 401 },
  { route: "GET /:collection", path: "/nothing", key: "read", granted: 404, owner: 404, other: 404, anonymous: 401 },
  { route: "GET /:collection", path: "/sessions", key: "read", granted: 404, owner: 404, other: 404, anonymous: 401 },
  { route: "GET /:collection/:id", path: "/goals/G1", ...seen },
  { route: "GET /:collection/:id", path: "/goals/G1?at=AT", ...seen },
  { route: "GET /:collection/:id", path: "/users/ADA", ...seen },
  { route: "GET /:collection/:id", path: "/collections/goals", key: "read", owner: 404, other: 404, anonymous: 401 },
  { route: "GET /:collection/:id/history", path: "/goals/G1/history", ...seen },
  { route: "GET /:collection/:id/history", path: "/users/ADA/history", ...seen },
]

const goal = { collection: "goals", id: "G1" }

export const askedOperations: readonly AskedOperation[] = [
  { op: "collection.define", data: { name: "notes" }, key: "admin", ...forKeys },
  { op: "collection.drop", data: { name: "goals" }, key: "admin", ...forKeys },
  { op: "credential.link", data: { userId: "ADA", issuer: "https://id.example", subject: "9" }, key: "write", ...forKeys },
  { op: "credential.unlink", data: { issuer: "https://id.example", subject: "ADA" }, key: "write", ...forKeys },
  { op: "credential.remove", data: { userId: "ADA" }, key: "write", ...forKeys },
  { op: "credential.setPassword", data: { userId: "ADA", password: "another horse" }, key: "write", owner: 422, other: 404, anonymous: 401 },
  { op: "credential.setPassword", data: { userId: "ADA", password: "another horse", currentPassword: "right horse" }, key: "write", granted: 422, owner: 200, other: 404, anonymous: 401 },
  { op: "credential.setPassword", data: { userId: "ADA", password: "another horse", currentPassword: "wrong horse" }, key: "write", granted: 422, owner: 401, other: 404, anonymous: 401 },
  { op: "document.create", data: { collection: "goals", value: { title: "made" } }, ...made },
  { op: "document.create", data: { collection: "goals", value: { owner: "cyd" } }, ...made, owner: [404, 200, 422, 200], other: [404, 200, 422, 200] },
  { op: "document.put", data: { ...goal, value: { title: "put" } }, ...changed, tells: true },
  { op: "document.put", data: { collection: "goals", value: { title: "put" } }, ...made },
  { op: "document.patch", data: { ...goal, patch: { title: "patched" } }, ...changed },
  { op: "document.patch", data: { ...goal, patch: { owner: "cyd" } }, ...changed, owner: [404, 200, 422, 200] },
  { op: "document.increment", data: { ...goal, field: "n", by: 1 }, ...changed },
  { op: "document.delete", data: goal, ...changed },
  { op: "revert", data: { ...goal, to: 0, force: true }, ...changed },
  { op: "revert", data: { collection: "users", id: "ADA", to: 0, force: true }, key: "write", granted: 409, ...forKeys },
  { op: "revert", data: { version: 1, force: true }, key: "write", granted: 409, ...forKeys },
  { op: "key.create", data: { name: "k", scopes: ["read"] }, key: "admin", ...forKeys },
  { op: "key.revoke", data: { id: "KEY" }, key: "admin", ...forKeys },
  { op: "session.create", data: { email: "ada@example.com", password: "right horse" }, key: "write", owner: 200, other: 200, anonymous: 200 },
  { op: "session.create", data: { userId: "ADA" }, key: "write", owner: 404, other: 404, anonymous: 401 },
  { op: "session.touch", data: { id: "SESSION" }, key: "write", owner: 200, other: 404, anonymous: 401 },
  { op: "session.revoke", data: { id: "SESSION" }, key: "write", owner: 200, other: 404, anonymous: 401 },
  { op: "session.revokeAll", data: { userId: "ADA" }, key: "write", owner: 200, other: 404, anonymous: 401 },
  { op: "token.create", data: { purpose: "reset" }, key: "write", ...forKeys },
  { op: "token.consume", data: { token: "to_nothing", purpose: "reset" }, key: "write", granted: 404, ...forKeys },
  { op: "user.create", data: { email: "new@example.com", name: "New" }, key: "write", owner: [403, 200, 403, 200], other: [403, 200, 403, 200], anonymous: [401, 401, 401, 200] },
  { op: "user.create", data: { id: "new", email: "new@example.com", verified: true }, key: "write", owner: [403, 422, 403, 422], other: [403, 422, 403, 422], anonymous: [401, 401, 401, 422] },
  { op: "user.update", data: { id: "ADA", name: "Countess" }, ...changed },
  { op: "user.update", data: { id: "ADA", verified: true }, ...changed, owner: [404, 422, 422, 422], other: [404, 422, 404, 422], anonymous: [401, 401, 401, 422] },
  { op: "user.delete", data: { id: "ADA" }, ...changed },
]
