// The store in which the examples of routes and operations are true: who tells it gets a node at version 4. Ids and tokens
// that it makes differ each time; `known` says what stands for them in the examples.
import { definingExample } from "../../src/operations/definition-shape.ts"
import { exampleIds, exampleTokens } from "../../src/operations/example-ids.ts"
import { type Harness, inside } from "./harness.ts"

export interface Story {
  /** The token of ada's session. */
  readonly session: string
  /** An example's text with what this store has in the place of ids and tokens. */
  real(text: string): string
}

export async function tellStory(tandem: Harness): Promise<Story> {
  const signUp = [
    { op: "user.create", data: { id: "ada", email: "Ada@example.com", name: "Ada" } },
    { op: "credential.setPassword", data: { userId: "ada", password: "correct horse battery" } },
  ]
  await tandem.send("POST", "/do", { body: { operations: signUp, note: "sign-up" }, headers: { "idempotency-key": "sign-up-1" } })
  await tandem.commit(
    { op: "collection.define", data: definingExample("goals") },
    { op: "document.create", data: { collection: "goals", id: "g1", value: { owner: "ada", title: "Write the first program" } } },
  )
  await tandem.commit({ op: "document.patch", data: { collection: "goals", id: "g1", patch: { done: true } } })
  const { json } = await tandem.commit(
    { op: "session.create", data: { userId: "ada", data: { device: "phone" } } },
    { op: "key.create", data: { name: "cli", scopes: ["read"] } },
    { op: "token.create", data: { purpose: "reset", userId: "ada" } },
    { op: "credential.link", data: { userId: "ada", issuer: "https://id.example.com", subject: "1815" } },
  )
  const made = (n: number, field: string) => String(inside(json, "results", n, field))
  const known: readonly (readonly [example: string, real: string])[] = [
    [exampleIds.session, made(0, "id")],
    [exampleIds.key, made(1, "id")],
    [exampleIds.oneTimeToken, made(2, "id")],
    [exampleTokens.oneTime, made(2, "token")],
  ]
  return { session: made(0, "token"), real: (text) => known.reduce((told, [example, real]) => told.replaceAll(example, real), text) }
}

/** JSON without what differs each time: ids that the server made, tokens, digests. */
export function told(json: unknown): unknown {
  const text = JSON.stringify(json)
    .replace(/"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"/g, '"an id"')
    .replace(/"(t[kos]_)[A-Za-z0-9_-]{43}"/g, '"$1…"')
    .replace(/"[0-9a-f]{64}"/g, '"a digest"')
  return JSON.parse(text) as unknown
}
