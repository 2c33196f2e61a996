// A row: one version of one entity, as the bytes that LMDB keeps and that records carry in their write set.
// docs/FORMAT.md, "Row", is the layout; a change here is a change of format.
import { textValue } from "./term-value.ts"

/** An index entry that holds while this row is the newest. Carried in the row, so nobody needs to know the entity's shape. */
export interface Term {
  readonly field: string
  /** Order-preserving key bytes of the value; see term-value.ts. */
  readonly value: Uint8Array
  readonly unique: boolean
  /** The version whose fill added it to a row that was there before; see `encodeFill`. */
  readonly since?: number
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
const flagFill = 4
/** Of a term. */
const flagUnique = 1
const flagLater = 2
const sinceBytes = 6

/** `body` is the JSON text of the entity, exactly as a read answers it; empty for a tombstone. */
export function encodeRow(facts: RowFacts, terms: readonly Term[], body: string): Uint8Array {
  const termsBytes = termsLength(terms)
  const bodyBytes = Buffer.byteLength(body)
  const row = Buffer.allocUnsafe(at.terms + termsBytes + bodyBytes)
  row[at.flags] = facts.deleted ? flagDeleted : 0
  writeFacts(row, facts)
  writeTerms(row, terms, termsBytes)
  row.write(body, at.terms + termsBytes, bodyBytes, "utf8")
  return row
}

/**
 * What a write set has for a row that gets more terms and stays the version that it is: `version` is that of the record,
 * `completes` that of the row. Never stored as a row itself.
 */
export function encodeFill(version: number, completes: number, terms: readonly Term[]): Uint8Array {
  const termsBytes = termsLength(terms)
  const row = Buffer.allocUnsafe(at.terms + termsBytes)
  row[at.flags] = flagFill
  writeFacts(row, { changed: version, created: completes, changes: 0 })
  writeTerms(row, terms, termsBytes)
  return row
}

/** Whether a row of a write set is a fill: then it is no version of its entity. */
export function rowFill(row: Uint8Array): boolean {
  return ((row[at.flags] ?? 0) & flagFill) !== 0
}

/** The same row with other terms. */
export function withTerms(row: Uint8Array, terms: readonly Term[]): Buffer {
  const termsBytes = termsLength(terms)
  const body = rowBody(row)
  const changed = Buffer.allocUnsafe(at.terms + termsBytes + body.length)
  changed.set(row.subarray(0, at.termsBytes), 0)
  writeTerms(changed, terms, termsBytes)
  changed.set(body, at.terms + termsBytes)
  return changed
}

/** A row for who needs its terms alone: of a large one a copy without the body, which can be let go. */
export function rowHead(row: Uint8Array): Uint8Array {
  return row.length <= smallBytes ? row : Buffer.from(row.subarray(0, at.terms + viewOf(row).readUInt16BE(at.termsBytes)))
}

const smallBytes = 4_096

/** A row as its record has it: without what fills added. */
export function withoutFills(row: Uint8Array): Uint8Array {
  const terms = rowTerms(row)
  return terms.some(({ since }) => since !== undefined) ? withTerms(row, terms.filter(({ since }) => since === undefined)) : row
}

function writeFacts(row: Buffer, { changed, created, changes }: Omit<RowFacts, "deleted">): void {
  row.writeUIntBE(changed, at.changed, 6)
  row.writeUIntBE(created, at.created, 6)
  row.writeUInt32BE(changes, at.changes)
}

/** Whether a row can carry them. */
export function termsFit(terms: readonly Term[]): boolean {
  return termsLength(terms) <= termsBytesMax
}

const termsBytesMax = 0xffff

function termsLength(terms: readonly Term[]): number {
  let bytes = 0
  for (const { field, value, since } of terms) bytes += 4 + Buffer.byteLength(field) + value.length + (since === undefined ? 0 : sinceBytes)
  return bytes
}

function writeTerms(row: Buffer, terms: readonly Term[], termsBytes: number): void {
  row.writeUInt16BE(termsBytes, at.termsBytes)
  let offset: number = at.terms
  for (const { field, value, unique, since } of terms) {
    const fieldBytes = row.write(field, offset + 4, "utf8")
    row[offset] = (unique ? flagUnique : 0) | (since === undefined ? 0 : flagLater)
    row.writeUInt8(fieldBytes, offset + 1)
    row.writeUInt16BE(value.length, offset + 2)
    row.set(value, offset + 4 + fieldBytes)
    offset += 4 + fieldBytes + value.length
    if (since !== undefined) offset = row.writeUIntBE(since, offset, sinceBytes)
  }
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
    const flags = view.readUInt8(offset)
    const fieldEnd = offset + 4 + view.readUInt8(offset + 1)
    const valueEnd = fieldEnd + view.readUInt16BE(offset + 2)
    const term: Term = { unique: (flags & flagUnique) !== 0, field: view.toString("utf8", offset + 4, fieldEnd), value: view.subarray(fieldEnd, valueEnd) }
    const isLater = (flags & flagLater) !== 0
    terms.push(isLater ? { ...term, since: view.readUIntBE(valueEnd, sinceBytes) } : term)
    offset = isLater ? valueEnd + sinceBytes : valueEnd
  }
  return terms
}

/** The value of one of the row's terms, a view into it: without making the others. Undefined where it has none of that field. */
export function rowTermValue(row: Uint8Array, field: string): Uint8Array | undefined {
  const view = viewOf(row)
  const end = at.terms + view.readUInt16BE(at.termsBytes)
  const fieldBytes = Buffer.byteLength(field)
  for (let offset: number = at.terms; offset < end; ) {
    const fieldEnd = offset + 4 + view.readUInt8(offset + 1)
    const valueEnd = fieldEnd + view.readUInt16BE(offset + 2)
    if (fieldEnd - offset - 4 === fieldBytes && view.toString("utf8", offset + 4, fieldEnd) === field) return view.subarray(fieldEnd, valueEnd)
    offset = (view.readUInt8(offset) & flagLater) !== 0 ? valueEnd + sinceBytes : valueEnd
  }
  return undefined
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
