// Guessing is slowed down, for an account and from an address, and nobody can make it look as if another were guessing.
import { beforeEach, describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { refuse } from "../../src/refusal.ts"
import { forwardedAddressHeader, signedAddress } from "../../src/http/forwarded-address.ts"
import { Harness, rootToken } from "./harness.ts"

const password = "right horse"
const free = bounds.loginFailuresFreeOfAddress

interface Try {
  readonly from?: string
  readonly email?: string
  readonly password?: string
  readonly headers?: Record<string, string>
  readonly token?: string
  readonly path?: string
}

let tandem: Harness

async function withAda(settings: ConstructorParameters<typeof Harness>[0] = {}): Promise<Harness> {
  const made = new Harness(settings)
  await made.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com" } }, { op: "credential.setPassword", data: { userId: "ada", password } })
  return made
}

beforeEach(async () => {
  tandem = await withAda()
})

/** The status of a login by who has no token, unless one is given. */
async function login(given: Try = {}): Promise<number> {
  const credentials = { email: given.email ?? "ada@example.com", password: given.password ?? password }
  const body = JSON.stringify(given.path === "/verify" ? credentials : { op: "session.create", data: credentials })
  const headers = { "content-type": "application/json", ...given.headers, ...(given.token === undefined ? {} : { authorization: `Bearer ${given.token}` }) }
  const request = new Request(`http://tandem.test${given.path ?? "/do"}`, { method: "POST", headers, body })
  const response = await tandem.app.fetch(request, { unlimited: () => undefined, whenGone: () => undefined, address: () => given.from ?? "192.0.2.7" })
  await response.text()
  return response.status
}

/** Wrong passwords for as many accounts, so that none of them is slowed down by itself. */
async function guess(times: number, given: Try = {}): Promise<number[]> {
  const statuses: number[] = []
  for (let n = 0; n < times; n++) statuses.push(await login({ email: `nobody-${n}@example.com`, password: "wrong horse", ...given }))
  return statuses
}

describe("an address from which many passwords were wrong", () => {
  test("has to wait, whatever the account, and no other address has", async () => {
    expect(new Set(await guess(free))).toEqual(new Set([401]))
    expect(await login()).toBe(429)
    expect(await login({ from: "192.0.2.8" })).toBe(200)
  })

  test("is one for all of an IPv6 network, and for all of a proxy's clients", async () => {
    for (let n = 0; n < free; n++) await login({ from: `2001:db8::${n}`, email: `n${n}@example.com`, password: "wrong horse" })
    expect([await login({ from: "2001:db8::ffff" }), await login({ from: "2001:db8:0:1::1" })]).toEqual([429, 200])
  })

  test("is not forgiven for knowing one account, and one that only succeeds never waits", async () => {
    for (let n = 0; n < 3 * free; n++) expect(await login({ from: "192.0.2.9" })).toBe(200)
    for (let n = 0; n < free; n++) {
      await guess(1, { email: `n${n}@example.com` })
      if (n < free - 1) expect(await login()).toBe(200)
    }
    expect(await login()).toBe(429)
  })

  test("is not looked at for calls with a server's key, which count by account alone", async () => {
    const token = tandem.token("write")
    expect(new Set(await guess(2 * free, { token }))).toEqual(new Set([401]))
    expect(new Set(await guess(2 * free, { token, path: "/verify" }))).toEqual(new Set([200]))
    expect([await login({ token }), await login()]).toEqual([200, 200])
    for (let n = 0; n < bounds.loginFailuresFree; n++) await login({ token, password: "wrong horse", path: n % 2 === 0 ? "/verify" : "/do" })
    expect([await login({ token }), await login({ token, path: "/verify" }), await login({ from: "192.0.2.9" })]).toEqual([429, 429, 429])
  })
})

describe("a header that says the client's address", () => {
  test("is not believed where the settings do not name it", async () => {
    for (let n = 0; n < free; n++) await guess(1, { email: `n${n}@example.com`, headers: { "fly-client-ip": `192.0.2.${n}`, "x-forwarded-for": `192.0.2.${n}`, forwarded: `for=192.0.2.${n}` } })
    expect(await login({ headers: { "fly-client-ip": "198.51.100.1" } })).toBe(429)
  })

  test("is believed where they do, and no other is", async () => {
    tandem = await withAda({ clientAddressHeader: "Fly-Client-IP" })
    await guess(free, { headers: { "fly-client-ip": "198.51.100.1" } })
    expect(await login({ headers: { "fly-client-ip": "198.51.100.1", "x-forwarded-for": "192.0.2.99" } })).toBe(429)
    expect([await login({ headers: { "fly-client-ip": "198.51.100.2" } }), await login()]).toEqual([200, 200])
  })
})

describe("a login that a replica sends on", () => {
  async function replicaOf(port: number | undefined): Promise<Harness> {
    const replica = new Harness({ forwardWrites: true })
    replica.node.roleNow = "replica"
    replica.node.notWritable = refuse("not-primary", "This node is the replica.", { primary: `http://127.0.0.1:${port}` })
    return replica
  }

  test("counts for the client's address, not for the replica's", async () => {
    const primary = tandem
    using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => primary.app.fetch(request, { unlimited: () => undefined, whenGone: () => undefined, address: () => "10.0.0.2" }) })
    tandem = await replicaOf(server.port)
    expect(new Set(await guess(free, { from: "198.51.100.1" }))).toEqual(new Set([401]))
    expect([await login({ from: "198.51.100.1" }), await login({ from: "198.51.100.2" })]).toEqual([429, 200])
  })

  test("cannot be played by a client", async () => {
    for (let n = 0; n < free; n++) {
      const body = JSON.stringify({ op: "session.create", data: { email: `n${n}@example.com`, password: "wrong horse" } })
      const forged = [`192.0.2.${n}`, `192.0.2.${n} AAAA`, signedAddress(`192.0.2.${n}`, body, "guessed"), signedAddress(`192.0.2.${n}`, "another body", "shared")][n % 4] ?? ""
      await guess(1, { email: `n${n}@example.com`, headers: { [forwardedAddressHeader]: forged } })
    }
    expect(await login()).toBe(429)
  })
})

test("a password whose hash is weaker than today's gets a new one with the login, and not by being verified", async () => {
  let kind = "old"
  tandem = new Harness({}, { hash: async (text) => `${kind}:${text}`, verify: async (text, phc) => phc.endsWith(`:${text}`), isOutdated: (phc) => !phc.startsWith(kind) })
  await tandem.commit({ op: "user.create", data: { id: "ada", email: "ada@example.com" } }, { op: "credential.setPassword", data: { userId: "ada", password } })
  const written = () => tandem.node.reader.row("credentials", "ada", tandem.node.committed())?.toString().includes(`new:${password}`)
  kind = "new"
  expect([await login({ path: "/verify", token: rootToken }), tandem.node.committed(), written()]).toEqual([200, 1, false])
  expect([await login({ password: "wrong horse" }), await login(), written()]).toEqual([401, 200, true])
})
