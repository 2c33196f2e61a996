// A record as the log shows it: whole, but for hashes of passwords and keys.
import { expect, test } from "bun:test"
import { hiddenCollections } from "../../src/operations/hidden-collections.ts"
import { logItem } from "../../src/operations/log-item.ts"
import { digestOf, digestText } from "../../src/protocol/digest.ts"
import { openRecord, sealRecord } from "../../src/protocol/record.ts"
import { encodeRow } from "../../src/store/row.ts"
import { Harness } from "./harness.ts"

test("shows who, when, why, what was asked and what was written", async () => {
  const harness = new Harness()
  await harness.run({ operations: [{ op: "user.create", data: { id: "ada", email: "ada@x.org" }, as: "u", if: { absent: true } }], note: "sign-up" }, { key: "k" })
  const record = harness.record()
  const digest = digestOf("x")
  expect(JSON.parse(logItem(record, digest))).toEqual({
    version: 1,
    epoch: 1,
    time: "2026-03-01T12:00:00.000Z",
    principal: "root",
    note: "sign-up",
    key: "k",
    operations: [{ op: "user.create", data: { id: "ada", email: "ada@x.org" }, as: "u", if: { absent: true } }],
    writes: [{ collection: "users", id: "ada", value: harness.get("users", "ada") }],
    parent: "0".repeat(64),
    digest: digestText(digest),
  })
})

test("shows a deletion as null, and no write of what is hidden, whatever wrote it", () => {
  const facts = { changed: 1, created: 1, changes: 1, deleted: false }
  const writes = [
    ...[...hiddenCollections].map((collection) => ({ collection, id: "x", row: encodeRow(facts, [], '{"hash":"canary"}') })),
    { collection: "goals", id: "g", row: encodeRow({ ...facts, deleted: true }, [], "") },
  ]
  const sealed = sealRecord({ version: 1, epoch: 1, timeMs: 0, parent: new Uint8Array(32), key: undefined, meta: { principal: "root" }, operations: '[{"op":"x","sealed":{"hash":"canary"}}]', results: '[{"value":"canary"}]', writes })
  const shown = logItem(openRecord(sealed.bytes), sealed.digest)
  expect(shown).not.toContain("canary")
  expect(JSON.parse(shown)).toMatchObject({ note: null, key: null, operations: [{ op: "x" }], writes: [{ collection: "goals", id: "g", value: null }] })
})
