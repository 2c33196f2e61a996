// The part of the full check that reads rows and history: the digest of what they show, that the log explains each of
// them, and that the index entries that follow from them are there.
import { type Digest, digestOf, genesisDigest } from "../protocol/digest.ts"
import type { Findings } from "./findings.ts"
import { partsOfKey, versionOf } from "./keys.ts"
import { type Horizon, oldestOf } from "./horizon.ts"
import { rowBody, rowChanged, rowDeleted, rowTerms, type Term } from "./row.ts"
import type { StateWalk } from "./state-sum.ts"
import type { TableStore } from "./table-store.ts"
import { fillKey, type Tally } from "./tally.ts"
import { formerKeys, sameTerm } from "./term-index.ts"
import type { VersionVisitor } from "./version-walk.ts"

interface Held {
  readonly term: Term
  /** Undefined where it is not known: then it is `notAfter` at the latest. */
  readonly since: number | undefined
  readonly notAfter: number
}

/** The entity whose versions are being visited. */
interface Entity {
  readonly key: Buffer
  readonly collection: string
  readonly id: string
  held: readonly Held[]
  /** The newest row as of the version that is checked. */
  shown: Buffer | undefined
}

export class RowsCheck implements VersionVisitor {
  content: Digest = genesisDigest
  liveCount = 0
  supersededCount = 0
  readonly #walk: StateWalk
  #entity: Entity | undefined
  readonly #horizon: Horizon

  constructor(
    private readonly store: TableStore,
    private readonly committed: number,
    private readonly tally: Tally,
    private readonly findings: Findings,
  ) {
    this.#horizon = store.horizon()
    this.#walk = store.state.begin()
  }

  superseded(key: Buffer, version: number, row: Buffer): void {
    const entity = this.#enter(key)
    this.#guard(entity, version, () => {
      if (rowChanged(row) !== version) this.#report(entity, `its version ${version} is stored under another number`)
      this.#version(entity, version, row)
    })
  }

  newest(key: Buffer, row: Buffer): void {
    this.#walk.visit(key, row)
    const entity = this.#enter(key)
    this.#guard(entity, undefined, () => this.#version(entity, rowChanged(row), row))
    this.#entity = undefined
    this.#guard(entity, undefined, () => this.#leave(entity, row))
  }

  malformed(table: "rows" | "history", key: Buffer): void {
    this.findings.report(`the table ${table}`, `an entry's key is none: ${key.toString("hex")}`)
  }

  /** After the last version. */
  end(): void {
    this.#isWhole()
    if (!this.store.state.end(this.#walk)) this.findings.report("the state", "the digest that is stored for all newest rows is not that of those that are there")
  }

  /** Hears of changes no more. */
  close(): void {
    this.store.state.end(this.#walk)
  }

  #isWhole(): void {
    if (this.#entity !== undefined) this.#report(this.#entity, "its newest row is missing")
  }

  #enter(key: Buffer): Entity {
    if (this.#entity !== undefined && Buffer.compare(this.#entity.key, key) === 0) return this.#entity
    this.#isWhole()
    this.#walk.reach(key)
    this.#entity = { key: Buffer.from(key), ...partsOfKey(key), held: [], shown: undefined }
    return this.#entity
  }

  #version(entity: Entity, version: number, row: Buffer): void {
    if (version > this.committed) {
      const { head } = this.store.position()
      if (version > head) this.#report(entity, `it has a version ${version}, above the head ${head}`)
      return
    }
    const oldest = oldestOf(this.#horizon, entity.collection)
    if (version > oldest) this.tally.take(entity.key, version)
    // What was before the first row that is kept, nobody knows.
    const isFirst = entity.shown === undefined && version <= oldest
    if (entity.shown !== undefined) this.supersededCount++
    entity.shown = row
    this.#terms(entity, version, this.#termsOf(entity, row, oldest), isFirst ? undefined : version)
  }

  /** Without those that fills after the version that is checked have added. */
  #termsOf(entity: Entity, row: Buffer, oldest: number): Term[] {
    const terms = rowTerms(row).filter(({ since = 0 }) => since <= this.committed)
    for (const term of terms) if (term.since !== undefined && term.since > oldest) this.tally.take(fillKey(entity.key, term), term.since)
    return terms
  }

  #terms(entity: Entity, version: number, terms: readonly Term[], since: number | undefined): void {
    if (terms.length === 0 && entity.held.length === 0) return
    // What a fill added begins with it, also where an earlier version had the same.
    const own = terms.filter(({ since }) => since === undefined)
    for (const held of entity.held) if (!own.some((term) => sameTerm(term, held.term))) this.#ended(entity, held, version)
    entity.held = terms.map((term) => {
      const held = term.since === undefined ? entity.held.find((one) => sameTerm(one.term, term)) : undefined
      return held ?? { term, since: term.since ?? since, notAfter: term.since ?? version }
    })
  }

  #ended(entity: Entity, held: Held, version: number): void {
    const { term } = held
    const since = held.since ?? this.#sinceFormer(entity, held, version)
    for (const key of formerKeys(entity.collection, term, entity.id, { since, end: version })) {
      const stored = this.store.engine.tables.index_history.get(key)
      const end = stored === undefined ? undefined : versionOf(stored)
      if (end !== version) this.#report(entity, `its index history for ${term.field} from version ${since} to ${version} ${end === undefined ? "is missing" : `ends at ${end}`}`)
    }
  }

  /** Of a term that was there before the first row that is kept. */
  #sinceFormer({ collection, id }: Entity, { term, notAfter }: Held, end: number): number {
    const former = this.store.index.former(collection, term, id, end - 1)
    return former?.end === end ? former.since : notAfter
  }

  #leave(entity: Entity, newest: Buffer): void {
    for (const held of entity.held) {
      const { term, notAfter } = held
      const mayBegin = (version: number): boolean => (held.since === undefined ? version <= notAfter : version === held.since)
      const found = this.store.index.since(entity.collection, term, entity.id)
      if (found !== undefined && mayBegin(found)) continue
      // What came after the version that is checked may have ended it.
      const former = this.store.index.former(entity.collection, term, entity.id, this.committed)
      if (former !== undefined && mayBegin(former.since)) this.#ended(entity, held, former.end)
      else this.#report(entity, `its index entry for ${term.field} ${found === undefined ? "is missing" : `begins at version ${found}, not ${held.since ?? notAfter}`}`)
    }
    this.#laterTerms(entity, rowTerms(newest))
    if (entity.shown === undefined || rowDeleted(entity.shown)) return
    this.liveCount++
    this.content = digestOf(Buffer.concat([this.content, entity.key, rowBody(entity.shown)]))
  }

  /** What came after the version that is checked, with a row or a fill. */
  #laterTerms(entity: Entity, terms: readonly Term[]): void {
    for (const term of terms) {
      if (entity.held.some((held) => sameTerm(held.term, term)) || this.store.index.since(entity.collection, term, entity.id) !== undefined) continue
      this.#report(entity, `its index entry for ${term.field} is missing`)
    }
  }

  #guard(entity: Entity, version: number | undefined, read: () => void): void {
    this.findings.guard(`${entity.collection}/${entity.id}`, version === undefined ? "its newest row is damaged" : `its row of version ${version} is damaged`, read)
  }

  #report({ collection, id }: Entity, what: string): void {
    this.findings.report(`${collection}/${id}`, what)
  }
}
