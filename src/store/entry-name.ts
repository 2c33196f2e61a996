// What an entry of a table is called where it is damaged: words for people. Its key may be the damage, so anything may be in it.
import { drawerBytes, versionAtEnd, versionBytes } from "./keys.ts"
import type { TableName } from "./tables.ts"

export function entryName(table: TableName, key: Buffer): string {
  switch (table) {
    case "log":
      return key.length === versionBytes ? `the record of version ${versionAtEnd(key)}` : otherwise(table, key)
    case "rows":
      return `the newest row of ${entityOf(key)}`
    case "history":
      return key.length < versionBytes ? otherwise(table, key) : `the row of ${entityOf(key.subarray(0, -versionBytes))} of version ${versionAtEnd(key)}`
    case "index":
      return `the index entry ${printable(key)}`
    case "index_history":
      return formerName(key)
    case "keys":
      return `the entry of the idempotency key with the hash ${key.toString("hex")}`
    case "hard_state":
      return `the node's own entry ${printable(key)}`
    default:
      return table satisfies never
  }
}

/** Without the drawer in the middle. */
function formerName(key: Buffer): string {
  const field = key.indexOf(0, key.indexOf(0) + 1) + 1
  if (field === 0 || key.length < field + drawerBytes + versionBytes) return otherwise("index_history", key)
  const [name, rest] = [key.subarray(0, field), key.subarray(field + drawerBytes, -versionBytes)]
  return `the ended index entry ${printable(Buffer.concat([name, rest]))} from version ${versionAtEnd(key)}`
}

function otherwise(table: TableName, key: Buffer): string {
  return `the entry ${key.toString("hex")} of the table ${table}`
}

/** collection/id */
function entityOf(key: Buffer): string {
  const [collection = "", ...rest] = partsOf(key)
  return [collection, rest.join(" ")].join("/")
}

function printable(key: Buffer): string {
  return partsOf(key).join(" ")
}

/** What ends with NUL, without anything that a terminal would take for a command. */
function partsOf(key: Buffer): string[] {
  const whole = key.at(-1) === 0 ? key.subarray(0, -1) : key
  return whole.toString("utf8").split("\0").map((part) => part.replace(/[\p{C}\ufffd]/gu, "?"))
}
