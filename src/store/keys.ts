// Keys as LMDB orders them: UTF-8 parts ended by NUL, versions as 6-byte big-endian. docs/FORMAT.md, "Keys".
// Callers have refused NUL in every part, so a part never contains its own end.
import type { Drawer } from "./version-fork.ts"

/** Versions take 48 bits. */
export const versionBytes = 6

export function versionKey(version: number): Buffer {
  const key = Buffer.allocUnsafe(versionBytes)
  key.writeUIntBE(version, 0, versionBytes)
  return key
}

/** [collection, id] */
export function entityKey(collection: string, id: string): Buffer {
  const collectionBytes = Buffer.byteLength(collection)
  const idBytes = Buffer.byteLength(id)
  const key = Buffer.allocUnsafe(collectionBytes + idBytes + 2)
  key.write(collection, 0, "utf8")
  key[collectionBytes] = 0
  key.write(id, collectionBytes + 1, "utf8")
  key[collectionBytes + 1 + idBytes] = 0
  return key
}

/** [collection]: every entity key of the collection begins with it. */
export function collectionKey(collection: string): Buffer {
  return Buffer.from(`${collection}\0`, "utf8")
}

/** [collection, id, version] */
export function historyKey(collection: string, id: string, version: number): Buffer {
  return Buffer.concat([entityKey(collection, id), versionKey(version)])
}

/** [collection, field]: every index key of the field begins with it. */
export function fieldPrefix(collection: string, field: string): Buffer {
  return Buffer.from(`${collection}\0${field}\0`, "utf8")
}

/** [collection, field, value]: the key of a unique value, and what every other index key of the value begins with. */
export function indexPrefix(collection: string, field: string, value: Uint8Array): Buffer {
  const name = `${collection}\0${field}\0`
  const nameBytes = Buffer.byteLength(name)
  const key = Buffer.allocUnsafe(nameBytes + value.length + 1)
  key.write(name, 0, "utf8")
  key.set(value, nameBytes)
  key[key.length - 1] = 0
  return key
}

/** [collection, field, value, id] */
export function indexKey(collection: string, field: string, value: Uint8Array, id: string): Buffer {
  return Buffer.concat([indexPrefix(collection, field, value), Buffer.from(`${id}\0`, "utf8")])
}

/** What a drawer of version-fork.ts takes. */
export const drawerBytes = versionBytes + 1

/** [collection, field, drawer], from the first two. */
export function drawerPrefix(field: Buffer, { fork, reach }: Drawer): Buffer {
  const key = Buffer.allocUnsafe(field.length + drawerBytes)
  key.set(field)
  key.writeUIntBE(fork, field.length, versionBytes)
  key[field.length + versionBytes] = reach
  return key
}

/** [collection, field, drawer, value, id]: what the keys of the times when an entity had a value begin with. */
export function formerPrefix(collection: string, field: string, drawer: Drawer, value: Uint8Array, id: string): Buffer {
  return Buffer.concat([drawerPrefix(fieldPrefix(collection, field), drawer), value, Buffer.from(`\0${id}\0`, "utf8")])
}

/** [collection, field, drawer, value, id, since] */
export function endedKey(collection: string, field: string, drawer: Drawer, value: Uint8Array, id: string, since: number): Buffer {
  return Buffer.concat([formerPrefix(collection, field, drawer, value, id), versionKey(since)])
}

export function idOfEntityKey(key: Uint8Array, collection: string): string {
  return textUntilNul(key, Buffer.byteLength(collection) + 1)
}

/** [collection, id] of an entity or history key. */
export function partsOfKey(key: Uint8Array): { readonly collection: string; readonly id: string } {
  const collection = textUntilNul(key, 0)
  return { collection, id: textUntilNul(key, Buffer.byteLength(collection) + 1) }
}

/** The version at the end of a history or index history key. */
export function versionAtEnd(key: Uint8Array): number {
  return bufferOf(key).readUIntBE(key.length - versionBytes, versionBytes)
}

export function versionOf(value: Uint8Array): number {
  return bufferOf(value).readUIntBE(0, versionBytes)
}

/** The smallest key that is greater than every key that begins with `prefix`. */
export function endOfPrefix(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix)
  for (let last = end.length - 1; last >= 0; last--) {
    const byte = end[last] ?? 0
    if (byte < 0xff) {
      end[last] = byte + 1
      return end.subarray(0, last + 1)
    }
  }
  throw new Error("a prefix of 0xff bytes only has no end")
}

/** The text from an offset to the end. */
export function textFrom(bytes: Uint8Array, from: number): string {
  return bufferOf(bytes).toString("utf8", from)
}

function textUntilNul(key: Uint8Array, from: number): string {
  const end = key.indexOf(0, from)
  return bufferOf(key).toString("utf8", from, end === -1 ? key.length : end)
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
