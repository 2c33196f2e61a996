// Who a token speaks for: alive only while its row is, as of what is committed, whatever was known of it before.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { tokenHash, tokenTerm } from "../../src/operations/api-keys.ts"
import { Bearers } from "../../src/operations/bearers.ts"
import type { Principal } from "../../src/operations/scope.ts"
import { Harness, type Json } from "./harness.ts"

const minuteMs = 60_000
const user = { op: "user.create", data: { id: "ada", email: "ada@x.org" } }

class Door {
  readonly harness = new Harness()
  readonly bearers = new Bearers(this.harness.store)

  who(token: unknown): Principal | undefined {
    return this.bearers.principal(String(token), this.harness.store.position().committed, this.harness.nowMs)
  }

  async session(data: object = {}): Promise<Json> {
    return (await this.harness.commit({ op: "session.create", data: { userId: "ada", ...data } }))[0] ?? {}
  }
}

async function withAda(): Promise<Door> {
  const door = new Door()
  await door.harness.commit(user)
  return door
}

describe("a session's token", () => {
  test("speaks for its user, with no scope", async () => {
    const door = await withAda()
    const { id, token } = await door.session()
    for (let n = 0; n < 2; n++) expect(door.who(token)).toEqual({ name: "user:ada", scopes: [], userId: "ada", sessionId: String(id) })
    expect([door.who(`${String(token)}x`), door.who("ts_"), door.who(""), door.who(id)]).toEqual([undefined, undefined, undefined, undefined])
  })

  const ends: readonly { readonly name: string; readonly operation: (id: unknown) => { readonly op: string; readonly data: object } }[] = [
    { name: "it is revoked", operation: (id) => ({ op: "session.revoke", data: { id } }) },
    { name: "all are revoked", operation: () => ({ op: "session.revokeAll", data: { userId: "ada" } }) },
    { name: "its user is disabled", operation: () => ({ op: "user.update", data: { id: "ada", disabled: true } }) },
    { name: "its user is deleted", operation: () => ({ op: "user.delete", data: { id: "ada" } }) },
    { name: "the password is changed and sessions with it", operation: () => ({ op: "credential.setPassword", data: { userId: "ada", password: "right horse", revokeSessions: true } }) },
  ]
  for (const { name, operation } of ends) {
    test(`is dead from the version in which ${name}, also where it was known (P2)`, async () => {
      const door = await withAda()
      const { id, token } = await door.session()
      expect(door.who(token)).toBeDefined()
      await door.harness.commit(operation(id))
      for (let n = 0; n < 2; n++) expect(door.who(token)).toBeUndefined()
      expect(new Bearers(door.harness.store).principal(String(token), door.harness.store.position().committed, door.harness.nowMs)).toBeUndefined()
    })
  }

  test("does not come back with a user of the same id", async () => {
    const door = await withAda()
    const { token } = await door.session()
    expect(door.who(token)).toBeDefined()
    await door.harness.commit({ op: "user.delete", data: { id: "ada" } }, user)
    expect(door.who(token)).toBeUndefined()
  })

  test("ends at its absolute end, and where it was idle for too long, unless it was touched before", async () => {
    const door = await withAda()
    const { id, token } = await door.session({ ttl: "1h", idle: "30m" })
    const other = await door.session({ ttl: "20m" })
    expect([door.who(token), door.who(other["token"])]).toEqual([expect.anything(), expect.anything()])
    door.harness.nowMs += 20 * minuteMs - 1
    expect([door.who(token) !== undefined, door.who(other["token"]) !== undefined]).toEqual([true, true])
    door.harness.nowMs += 1
    expect([door.who(token) !== undefined, door.who(other["token"]) !== undefined]).toEqual([true, false])
    await door.harness.commit({ op: "session.touch", data: { id } })
    door.harness.nowMs += 20 * minuteMs
    expect(door.who(token)).toBeDefined()
    door.harness.nowMs += 10 * minuteMs
    expect(door.who(token)).toBeUndefined()
  })

  test("ends by the newest committed record's time where that is later than this node's clock", async () => {
    const door = await withAda()
    const { token } = await door.session({ ttl: "1h" })
    const key = (await door.harness.commit({ op: "key.create", data: { name: "k", scopes: ["read"], expiresAt: new Date(door.harness.nowMs + 60 * minuteMs).toISOString() } }))[0]?.["key"]
    const slowMs = door.harness.nowMs
    const seenBySlow = (one: unknown) => door.bearers.principal(String(one), door.harness.store.position().committed, slowMs)
    expect([seenBySlow(token), seenBySlow(key)]).toEqual([expect.anything(), expect.anything()])
    door.harness.nowMs += 60 * minuteMs
    await door.harness.commit({ op: "user.update", data: { id: "ada", name: "Ada" } })
    expect([seenBySlow(token), seenBySlow(key)]).toEqual([undefined, undefined])
  })

  test("that is known costs no read while nothing is committed, and one where something is", async () => {
    const door = await withAda()
    const { token } = await door.session()
    door.who(token)
    const reads: string[] = []
    const { store } = door.harness
    const { row, lookup } = store
    store.row = (collection, id, at) => (reads.push(`row ${collection}`), row.call(store, collection, id, at))
    store.lookup = (collection, field, value, at) => (reads.push(`lookup ${collection}`), lookup.call(store, collection, field, value, at))
    door.who(token)
    expect(reads).toEqual([])
    store.row = row
    await door.harness.commit({ op: "user.update", data: { id: "ada", name: "Ada" } })
    store.row = (collection, id, at) => (reads.push(`row ${collection}`), row.call(store, collection, id, at))
    reads.length = 0
    for (let n = 0; n < 3; n++) expect(door.who(token)).toBeDefined()
    expect(reads).toEqual(["row sessions"])
  })

  test("is found again when more are known than are remembered", async () => {
    const door = await withAda()
    const { token } = await door.session()
    const [made = {}] = await door.harness.commit({ op: "key.create", data: { name: "k", scopes: ["read"] } })
    const key = String(made["key"])
    expect([door.who(key), door.who(token)]).toEqual([expect.anything(), expect.anything()])
    const { store } = door.harness
    const { lookup } = store
    // Every token is one that is there: it finds the first key.
    store.lookup = (collection, field, _, at) => lookup.call(store, collection, field, tokenTerm(tokenHash(key)).value, at)
    for (let n = 0; n < bounds.bearersKnownMax; n++) expect(door.who(`tk_${n}`)).toBeDefined()
    let looked = 0
    store.lookup = (collection, field, value, at) => (looked++, lookup.call(store, collection, field, value, at))
    for (let n = 0; n < 2; n++) expect([door.who(key)?.scopes, door.who(token)?.userId]).toEqual([["read"], "ada"])
    expect(looked).toBe(2)
  })
})

test("what a session asks for that is revoked before it runs is refused, also within one batch", async () => {
  const door = await withAda()
  const { id, token } = await door.session()
  const principal = door.who(token)
  if (principal === undefined) throw new Error("the session is not alive")
  const touch = await door.harness.parse({ op: "session.touch", data: { id } }, { principal, key: "t" })
  const revoke = await door.harness.parse({ op: "session.revoke", data: { id } }, { principal })
  if ("refused" in touch || "refused" in revoke) throw new Error("refused before the batch")
  const executed = await door.harness.execute([touch, revoke, { ...touch, key: undefined }, touch])
  expect(executed.map(({ kind }) => kind)).toEqual(["record", "record", "refused", "replay"])
  expect(executed[2]).toMatchObject({ refusal: { code: "unauthenticated" } })
})
