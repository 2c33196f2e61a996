// GET /users by an identity elsewhere.
import { beforeEach, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { Harness } from "./harness.ts"
import { expectAnswer } from "./problem-shape.ts"

const identity = { issuer: "https://id.example.com", subject: "a b/ü&1" }
const query = `issuer=${encodeURIComponent(identity.issuer)}&subject=${encodeURIComponent(identity.subject)}`

let tandem: Harness

beforeEach(async () => {
  tandem = new Harness()
  await tandem.commit(...["ada", "bob"].map((id) => ({ op: "user.create", data: { id, email: `${id}@example.com` } })))
  await tandem.commit({ op: "credential.link", data: { userId: "ada", ...identity } })
})

test("gives the user itself, as a read by its id does", async () => {
  const [found, user] = [await tandem.get(`/users?${query}`), await tandem.get("/users/ada")]
  expectAnswer(found, 200)
  expect([found.text, found.headers.get("etag")]).toEqual([user.text, user.headers.get("etag")])
  expect((await tandem.get(`/users?${query}`, { headers: { "if-none-match": found.headers.get("etag") ?? "" } })).status).toBe(304)
})

test("is of then as well: before the link, with the user's former holder, and after its end (P7)", async () => {
  await tandem.commit({ op: "credential.unlink", data: identity }, { op: "credential.link", data: { userId: "bob", ...identity } })
  await tandem.commit({ op: "user.delete", data: { id: "bob" } })
  const ids = await Promise.all([1, 2, 3, 4].map(async (at) => ((await tandem.get(`/users?${query}&at=${at}`)).json as { readonly id?: string }).id))
  expect(ids).toEqual([undefined, "ada", "bob", undefined])
  expectAnswer(await tandem.get(`/users?${query}`), 404)
})

test("of nobody is missing", async () => {
  for (const other of ["issuer=x&subject=y", `${query}x`]) expectAnswer(await tandem.get(`/users?${other}`), 404)
})

test("wants both, each once, of bounded length, and nothing beside them but a version", async () => {
  const endless = "x".repeat(bounds.nameLengthMax + 1)
  for (const wrong of ["issuer=x", "subject=x", "issuer=&subject=x", `issuer=${endless}&subject=x`, `${query}&subject=x`, `${query}&limit=1`, `${query}&email=ada@example.com`, "issuer=%ff&subject=x"]) {
    expectAnswer(await tandem.get(`/users?${wrong}`), 400)
  }
})
