// Bad input in its many forms: bodies, headers, paths. routes.test.ts asks every route in the usual ones.
import { describe, expect, test } from "bun:test"
import { Harness, inside } from "./harness.ts"
import { routes } from "../../src/http/routes.ts"

const ada = { op: "user.create", data: { id: "ada", email: "ada@example.com" } }

const bodies: { readonly [path: string]: object } = { "/do": ada, "/verify": { email: "ada@example.com", password: "right horse" } }

test("an Authorization header of another form is 401, whatever stands in it", async () => {
  const tandem = new Harness()
  const headers = ["Bearer wrong", "Bearer ", "Bearer", "Basic dHJfcm9vdA==", "tr_root", `Bearer ${"x".repeat(600)}`, "Bearer tr_root x", "Bearer tr_root,", "Bearer tr_root, Bearer tr_root"]
  for (const authorization of headers) {
    for (const path of ["/do", "/verify"]) {
      const wrong = await tandem.send("POST", path, { body: bodies[path], token: null, headers: { authorization } })
      expect([authorization, wrong.status, inside(wrong.json, "code")]).toEqual([authorization, 401, "unauthenticated"])
      expect(wrong.headers.get("www-authenticate")).toContain("invalid_token")
    }
  }
  expect(tandem.node.committed()).toBe(0)
  for (const authorization of ["bearer tr_root", "BEARER  tr_root", "Bearer tr_root "]) {
    expect([authorization, (await tandem.get("/status", { token: null, headers: { authorization } })).status]).toEqual([authorization, 200])
  }
})

test.each(["/verify", "/node/promote", "/node/solo", "/node/handover"])("a body of POST %s that is no object is 400, also where no field is needed", async (path) => {
  const tandem = new Harness()
  for (const body of ["[]", "[{}]", '"x"', "5", "null"]) {
    const answer = await tandem.send("POST", path, { body })
    expect([body, answer.status, inside(answer.json, "code")]).toEqual([body, 400, "malformed"])
  }
})

for (const pattern of ["/do", "/verify"]) {
  const body = bodies[pattern]
  describe(`the body of POST ${pattern}`, () => {
    test("of another type is 415", async () => {
      const tandem = new Harness()
      for (const type of ["text/plain", "application/x-ndjson", "application/json; charset=latin1", "application/jsonx", ""]) {
        const answer = await tandem.send("POST", pattern, { body, headers: { "content-type": type } })
        expect([type, answer.status, inside(answer.json, "code")]).toEqual([type, 415, "unsupported-media-type"])
      }
      expect(tandem.node.committed()).toBe(0)
    })

    test("may say that it is UTF-8", async () => {
      const headers = { "content-type": 'Application/JSON; charset="UTF-8"' }
      expect((await new Harness().send("POST", pattern, { body, headers })).status).toBe(200)
    })

    test("that is too large is 413, also where its length is not announced", async () => {
      const tandem = new Harness({ bodyBytesMax: 1_000 })
      const large = JSON.stringify({ ...(body as object), filler: "x".repeat(1_000) })
      expect((await tandem.send("POST", pattern, { body: large })).status).toBe(413)
      expect((await tandem.send("POST", pattern, { body: large, headers: { "content-length": String(large.length) } })).status).toBe(413)
      expect(tandem.node.committed()).toBe(0)
    })

    test("is not read on once it is too large", async () => {
      const tandem = new Harness({ bodyBytesMax: 1_000 })
      let given = 0
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          given += 1
          controller.enqueue(new Uint8Array(100))
        },
      })
      const headers = { authorization: "Bearer tr_root", "content-type": "application/json" }
      const answer = await tandem.app.fetch(new Request(`http://tandem.test${pattern}`, { method: "POST", body: endless, headers }))
      expect(answer.status).toBe(413)
      expect(given).toBeLessThan(20)
    })

    test("that is not JSON, not UTF-8 or not an object is 400", async () => {
      const tandem = new Harness()
      for (const text of ["", "{", "nonsense", "[]", "null", "7", '{"op":"user.create","data":{"id":"\\ud800"}}']) {
        const answer = await tandem.send("POST", pattern, { body: text })
        expect([text, answer.status]).toEqual([text, 400])
        expect(answer.headers.get("content-type")).toBe("application/problem+json")
      }
      const bytes = Buffer.concat([Buffer.from('{"email":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')])
      expect((await tandem.send("POST", pattern, { body: bytes })).status).toBe(400)
      expect(tandem.node.committed()).toBe(0)
    })

    test("with an unknown field is 400 with its pointer", async () => {
      const tandem = new Harness()
      const answer = await tandem.send("POST", pattern, { body: { ...(body as object), colour: "red" } })
      expect(answer.status).toBe(400)
      expect(inside(answer.json, "pointer")).toBe("/colour")
      expect(tandem.node.committed()).toBe(0)
    })
  })
}

test("an idempotency key that no header may carry is 400", async () => {
  const tandem = new Harness()
  for (const key of ["", "a b", "ä", "x".repeat(300)]) {
    const answer = await tandem.send("POST", "/do", { body: ada, headers: { "idempotency-key": key } })
    expect([key, answer.status]).toEqual([key, 400])
  }
  expect((await tandem.get(`/do/${"x".repeat(300)}`)).status).toBe(400)
  expect((await tandem.get("/do/a%20b")).status).toBe(400)
  expect(tandem.node.committed()).toBe(0)
})

test("versions of the log that are none are 400, and those that are not there 404", async () => {
  const tandem = new Harness()
  for (const version of ["0", "x", "1.5", "-1", "99999999999999999999"]) expect((await tandem.get(`/log/${version}`)).status).toBe(400)
  expect((await tandem.get("/log/7")).status).toBe(404)
  for (const query of ["from=0", "from=x", "limit=501", "limit=0"]) expect((await tandem.get(`/log?${query}`)).status).toBe(400)
})

test("paths that are none are 404, and those that only others may ask differently are 405", async () => {
  const tandem = new Harness()
  for (const path of ["/", "/a/b/c", "/a/b/history/d", "/users/", "//", "/users//history", "/livez/x/y"]) {
    const answer = await tandem.get(path)
    expect([path, answer.status, inside(answer.json, "code")]).toEqual([path, 404, "not-found"])
  }
  for (const path of ["/do", "/verify"]) expect([path, (await tandem.get(path)).status]).toEqual([path, 405])
  expect((await tandem.send("POST", "/do/k", { body: {} })).status).toBe(405)
})

test("a route without a scope keeps the app from starting", async () => {
  const { checkRoutes } = await import("../../src/http/route.ts")
  const handler = () => new Response()
  const open = { method: "GET", path: "/open", handler } as unknown as (typeof routes)[number]
  expect(() => checkRoutes([open])).toThrow("declares no scope")
  expect(() => checkRoutes([...routes, { method: "GET", path: "/livez", scope: "public" }])).toThrow("declared twice")
  expect(() => checkRoutes(routes)).not.toThrow()
})
