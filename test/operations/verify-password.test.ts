// Whether an address and a password belong together: what is looked at, and that unknown users cost a hash, too.
import { describe, expect, test } from "bun:test"
import { type Passwords } from "../../src/operations/passwords.ts"
import { verifyPassword } from "../../src/operations/verify-password.ts"
import { refuse } from "../../src/refusal.ts"
import { hashPassword, verifyPasswordHash } from "../../src/runtime/password-hash.ts"
import { Harness } from "./harness.ts"

const credentials = { email: "ada@x.org", password: "right horse" }

/** Remembers what was checked against what; matches where the hash was made of this password. */
class Checks {
  readonly hashes: string[] = []
  readonly passwords: Passwords = {
    isOutdated: () => false,
    hash: async (password) => `hash of ${password}`,
    verify: async (password, phc) => {
      this.hashes.push(phc)
      return phc === `hash of ${password}`
    },
  }
}

async function withAda(): Promise<{ harness: Harness; checks: Checks; verify: (given?: Partial<typeof credentials>, at?: number) => Promise<unknown> }> {
  const harness = new Harness()
  const checks = new Checks()
  const hashPassword = checks.passwords.hash
  await harness.commit({ op: "user.create", data: { id: "ada", email: "Ada@X.org" } }, { op: "user.create", data: { id: "bob", email: "bob@x.org" } })
  await harness.run({ op: "credential.setPassword", data: { userId: "ada", password: "right horse" } }, { hashPassword })
  return { harness, checks, verify: (given = {}, at = harness.store.position().committed) => verifyPassword(harness.store, at, { ...credentials, ...given }, checks.passwords) }
}

test("the right password of an enabled user matches, however the address is written", async () => {
  const { verify } = await withAda()
  for (const email of ["ada@x.org", " ADA@X.ORG "]) expect(await verify({ email })).toEqual({ match: true, userId: "ada", passwordVersion: 2, outdated: false })
})

describe("does not match and costs one hash", () => {
  test("a wrong password, an unknown user, a user without a password", async () => {
    const { verify, checks } = await withAda()
    for (const given of [{ password: "wrong horse" }, { email: "nobody@x.org" }, { email: "bob@x.org" }, { email: "" }]) {
      checks.hashes.length = 0
      expect(await verify(given)).toEqual({ match: false })
      expect(checks.hashes).toHaveLength(1)
    }
  })

  test("a user who is disabled, deleted, or without the password since", async () => {
    const { harness, verify, checks } = await withAda()
    for (const change of [
      { op: "user.update", data: { id: "ada", disabled: true } },
      { op: "credential.remove", data: { userId: "ada" } },
      { op: "user.delete", data: { id: "ada" } },
    ]) {
      await harness.commit(change)
      checks.hashes.length = 0
      expect([change.op, await verify()]).toEqual([change.op, { match: false }])
      expect(checks.hashes).toHaveLength(1)
    }
  })

  test("an address that the user had before", async () => {
    const { harness, verify } = await withAda()
    await harness.commit({ op: "user.update", data: { id: "ada", email: "countess@x.org" } }, { op: "user.update", data: { id: "bob", email: "ada@x.org" } })
    expect(await verify()).toEqual({ match: false })
    expect(await verify({ email: "countess@x.org" })).toEqual({ match: true, userId: "ada", passwordVersion: 2, outdated: false })
  })
})

test("nothing above the version that is asked for is looked at (I9)", async () => {
  const { harness, verify } = await withAda()
  const at = harness.store.position().committed
  await harness.commit({ op: "credential.remove", data: { userId: "ada" } })
  expect(await verify({}, at)).toEqual({ match: true, userId: "ada", passwordVersion: 2, outdated: false })
  expect(await verify({}, at - 1)).toEqual({ match: false })
})

test("the hash for unknown users is a real one with today's parameters, which no password gives", async () => {
  const { verify, checks } = await withAda()
  await verify({ email: "nobody@x.org" })
  const [dummy = ""] = checks.hashes
  const real = await hashPassword("right horse", new Uint8Array(16))
  const parameters = (phc: string) => phc.split("$").slice(1, 4)
  expect(parameters(dummy)).toEqual(parameters(real))
  expect(dummy.length).toBe(real.length)
  expect(await verifyPasswordHash("right horse", dummy)).toBe(false)
})

test("where too many wait, that is what it says", async () => {
  const { harness } = await withAda()
  const full: Passwords = { hash: async () => refuse("unavailable", "full"), verify: async () => refuse("unavailable", "full"), isOutdated: () => false }
  expect(await verifyPassword(harness.store, 1, credentials, full)).toMatchObject({ refused: true, code: "unavailable" })
})
