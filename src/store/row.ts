// A row: one version of one entity, as the bytes that LMDB keeps and that records carry in their write set.
// docs/FORMAT.md, "Row", is the layout; a change here is a change of format.
import { textValue } from "./term-value.ts"

/** An index entry that holds while this row is the newest. Carried in the row, so nobody needs to know the entity's shape. */
export interface Term {
  readonly field: string
  /** Order-preserving key bytes of the value; see term-value.ts. */
  readonly value: Uint8Array
  readonly unique: boolean
}

export interface RowFacts {
  /** The version that wrote this row. */
  readonly changed: number
  /** The version that created the entity; a re-creation after a delete starts anew. */
  readonly created: number
  /** How many versions of the entity there were, this one included. */
  readonly changes: number
  /** True for a tombstone, whose body is empty. */
  readonly deleted: boolean
}

const at = { flags: 0, changed: 1, created: 7, changes: 13, termsBytes: 17, terms: 19 } as const
const flagDeleted = 1
const flagUnique = 1

/** `body` is the JSON text of the entity, exactly as a read answers it; empty for a tombstone. */
export function encodeRow(facts: RowFacts, terms: readonly Term[], body: string): Uint8Array {
  let termsBytes = 0
  for (const term of terms) termsBytes += 4 + Buffer.byteLength(term.field) + term.value.length
  const bodyBytes = Buffer.byteLength(body)
  const row = Buffer.allocUnsafe(at.terms + termsBytes + bodyBytes)
  row[at.flags] = facts.deleted ? flagDeleted : 0
  row.writeUIntBE(facts.changed, at.changed, 6)
  row.writeUIntBE(facts.created, at.created, 6)
  row.writeUInt32BE(facts.changes, at.changes)
  row.writeUInt16BE(termsBytes, at.termsBytes)
  let offset: number = at.terms
  for (const term of terms) {
    const fieldBytes = row.write(term.field, offset + 4, "utf8")
    row[offset] = term.unique ? flagUnique : 0
    row.writeUInt8(fieldBytes, offset + 1)
    row.writeUInt16BE(term.value.length, offset + 2)
    row.set(term.value, offset + 4 + fieldBytes)
    offset += 4 + fieldBytes + term.value.length
  }
  row.write(body, offset, bodyBytes, "utf8")
  return row
}

/** The version that wrote the row: the one fact every read needs. */
export function rowChanged(row: Uint8Array): number {
  return viewOf(row).readUIntBE(at.changed, 6)
}

export function rowDeleted(row: Uint8Array): boolean {
  return ((row[at.flags] ?? 0) & flagDeleted) !== 0
}

export function rowFacts(row: Uint8Array): RowFacts {
  const view = viewOf(row)
  return {
    changed: view.readUIntBE(at.changed, 6),
    created: view.readUIntBE(at.created, 6),
    changes: view.readUInt32BE(at.changes),
    deleted: rowDeleted(row),
  }
}

export function rowTerms(row: Uint8Array): Term[] {
  const view = viewOf(row)
  const end = at.terms + view.readUInt16BE(at.termsBytes)
  const terms: Term[] = []
  for (let offset: number = at.terms; offset < end; ) {
    const fieldEnd = offset + 4 + view.readUInt8(offset + 1)
    const valueEnd = fieldEnd + view.readUInt16BE(offset + 2)
    terms.push({
      unique: (view.readUInt8(offset) & flagUnique) !== 0,
      field: view.toString("utf8", offset + 4, fieldEnd),
      value: view.subarray(fieldEnd, valueEnd),
    })
    offset = valueEnd
  }
  return terms
}

/** The body's bytes, a view into the row: JSON as it is sent. */
export function rowBody(row: Uint8Array): Uint8Array {
  return row.subarray(at.terms + viewOf(row).readUInt16BE(at.termsBytes))
}

/** The body as text; empty for a tombstone. */
export function rowText(row: Uint8Array): string {
  const view = viewOf(row)
  return view.toString("utf8", at.terms + view.readUInt16BE(at.termsBytes))
}

/** The caller has refused NUL. */
export function textTerm(field: string, value: string, unique: boolean): Term {
  return { field, value: textValue(value), unique }
}

function viewOf(row: Uint8Array): Buffer {
  return Buffer.isBuffer(row) ? row : Buffer.from(row.buffer, row.byteOffset, row.byteLength)
}
