// key.create and key.revoke, and API keys as rows.
import { describe, expect, test } from "bun:test"
import { Bearers } from "../../src/operations/bearers.ts"
import { logItem } from "../../src/operations/log-item.ts"
import { Harness, issuesOf, type Json, keyWith, resultsOf } from "./harness.ts"

const create = (more: object = {}) => ({ op: "key.create", data: { name: "web", scopes: ["read", "write"], ...more } })

async function withKey(more: object = {}): Promise<{ harness: Harness; shown: Json; token: string }> {
  const harness = new Harness()
  const [shown = {}] = await harness.commit(create(more))
  return { harness, shown, token: String(shown["key"]) }
}

function whose(harness: Harness, token: string, { at = harness.store.position().committed, nowMs = harness.nowMs } = {}) {
  return new Bearers(harness.store).principal(token, at, nowMs)
}

describe("key.create", () => {
  test("shows the key once: 256 random bits with a prefix", async () => {
    const { shown, token } = await withKey()
    expect(shown).toEqual({ id: shown["id"], name: "web", scopes: ["read", "write"], expiresAt: null, key: token })
    expect(token).toMatch(/^tk_[A-Za-z0-9_-]{43}$/)
    const other = await withKey()
    expect(other.token).not.toBe(token)
  })

  test("keeps the key nowhere", async () => {
    const { harness, token } = await withKey()
    const disk = harness.disk()
    expect(disk).not.toContain(Buffer.from(token).toString("hex"))
    expect(disk).not.toContain(Buffer.from(token, "base64url").toString("hex"))
    expect(logItem(harness.record(), new Uint8Array(32))).not.toContain(token.slice(3))
    expect(logItem(harness.record(), new Uint8Array(32))).not.toContain("hash")
  })

  test("answers a retry without the key, and says so (I8)", async () => {
    const harness = new Harness()
    const first = await harness.run(create(), { key: "k" })
    const retry = await harness.run(create(), { key: "k" })
    expect(retry).toMatchObject({ kind: "replay", version: 1, secretsOmitted: true })
    const [shown] = resultsOf(first)
    const { key: _, ...rest } = shown ?? {}
    expect(resultsOf(retry)).toEqual([rest])
    expect(harness.store.position().head).toBe(1)
  })

  test("gives no reference to the key", async () => {
    const harness = new Harness()
    const define = { op: "collection.define", data: { name: "notes" } }
    const leak = { op: "document.create", data: { collection: "notes", value: { stolen: { $ref: "k.key" } } } }
    expect(await harness.refusal({ operations: [define, { ...create(), as: "k" }, leak] })).toMatchObject({ code: "malformed", operation: 2 })
  })

  test("needs the scope admin, and scopes that exist", async () => {
    const harness = new Harness()
    expect(await harness.refusal(create(), { principal: keyWith("read", "write", "log") })).toMatchObject({ code: "forbidden" })
    expect(issuesOf(await harness.refusal(create({ scopes: [] })))).toEqual(["/scopes min_length"])
    expect(issuesOf(await harness.refusal(create({ scopes: Array.from({ length: 5 }, () => "read") })))).toEqual(["/scopes max_length"])
    expect(issuesOf(await harness.refusal(create({ scopes: ["read", "root"] })))).toEqual(["/scopes/1 picklist"])
    expect(issuesOf(await harness.refusal(create({ key: "tk_mine" })))).toEqual(["/key unknown-field"])
  })

  test("takes an expiry that is a time, and keeps it in UTC", async () => {
    const { shown } = await withKey({ expiresAt: "2026-03-02T02:00:00+02:00" })
    expect(shown["expiresAt"]).toBe("2026-03-02T00:00:00.000Z")
    const harness = new Harness()
    const wrong = ["", "soon", "2026-03-02", "2026-13-01T00:00:00Z", "2026-03-02T00:00:00", "2026-03-02T00:00:00+05", "2026-03-02T24:00:01Z", 5, null]
    for (const expiresAt of [...wrong, "9999-12-31T23:59:59-14:00"]) expect(await harness.refusal(create({ expiresAt }))).toMatchObject({ code: "invalid", pointer: "/expiresAt" })
  })
})

describe("a key", () => {
  test("speaks for itself, with its scopes", async () => {
    const { harness, shown, token } = await withKey()
    expect(whose(harness, token)).toEqual({ name: `key:${String(shown["id"])}`, scopes: ["read", "write"] })
  })

  test("that is not quite it speaks for nobody", async () => {
    const { harness, token } = await withKey()
    const others = ["", "tk_", token.slice(3), token.slice(0, -1), `${token}A`, ` ${token}`, token.toUpperCase(), `tr_${token.slice(3)}`]
    for (const other of others) expect(whose(harness, other)).toBeUndefined()
  })

  test("holds from the version that made it", async () => {
    const { harness, token } = await withKey()
    expect(whose(harness, token, { at: 0 })).toBeUndefined()
  })

  test("ends at its expiry, to the millisecond", async () => {
    const { harness, token } = await withKey({ expiresAt: "2026-03-02T00:00:00Z" })
    const end = Date.parse("2026-03-02T00:00:00Z")
    expect(whose(harness, token, { nowMs: end - 1 })).toBeDefined()
    expect(whose(harness, token, { nowMs: end })).toBeUndefined()
  })
})
