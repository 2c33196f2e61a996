// What a damaged entry is called: readable, whatever its key is.
import { describe, expect, test } from "bun:test"
import { entryName } from "../../src/store/entry-name.ts"
import { endedKey, entityKey, historyKey, indexKey, indexPrefix, versionKey } from "../../src/store/keys.ts"
import { type TableName, tableNames } from "../../src/store/tables.ts"
import { textValue } from "../../src/store/term-value.ts"
import { Random } from "../sim/random.ts"

describe("an entry is called", () => {
  const names: readonly (readonly [TableName, Buffer, string])[] = [
    ["log", versionKey(12), "the record of version 12"],
    ["log", Buffer.from("what"), "the entry 77686174 of the table log"],
    ["rows", entityKey("users", "ada"), "the newest row of users/ada"],
    ["history", historyKey("users", "ada", 7), "the row of users/ada of version 7"],
    ["history", Buffer.from("x"), "the entry 78 of the table history"],
    ["index", indexKey("things", "colour", textValue("red"), "a"), "the index entry things colour 0red a"],
    ["index", indexPrefix("users", "email", textValue("ada@example.com")), "the index entry users email 0ada@example.com"],
    ["index_history", endedKey("things", "colour", { fork: 4, reach: 1 }, textValue("red"), "a", 3), "the ended index entry things colour 0red a from version 3"],
    ["index_history", Buffer.from("a\0b\0c"), "the entry 6100620063 of the table index_history"],
    ["keys", Buffer.alloc(4, 0xab), "the entry of the idempotency key with the hash abababab"],
    ["hard_state", Buffer.from("position"), "the node's own entry position"],
  ]
  test.each(names)("in %s", (table, key, name) => {
    expect(entryName(table, key)).toBe(name)
  })

  test("something that a terminal only shows, whatever its key is", () => {
    const random = new Random(1)
    for (let n = 0; n < 2_000; n++) {
      const key = Buffer.from(Array.from({ length: random.between(0, 40) }, () => random.between(0, 255)))
      for (const table of tableNames) expect(entryName(table, key)).not.toMatch(/[\p{Cc}\ufffd]/u)
    }
  })
})
