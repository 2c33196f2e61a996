// Ships the log of the primary to where a restore finds it: what was committed, a second later. Goes on where the target ends, whichever
// node shipped that. A target that is slow, full or gone costs lag and a notice, never a write.
import { bounds } from "../bounds.ts"
import { failpoint } from "../runtime/failpoint.ts"
import type { SealedRecord } from "../protocol/record.ts"
import type { Store } from "../store/store.ts"
import { StoreDamaged } from "../store/store-damaged.ts"
import { Turns } from "../store/turns.ts"
import { clusterPrefix, parseSegmentName, sealSegment, short } from "./segment.ts"
import type { ShipTarget } from "./ship-target.ts"

export interface ShippingStatus {
  /** Up to which version all is there; null where that is not known yet, and on a replica, which ships nothing. */
  readonly version: number | null
  readonly lagVersions: number
  /** How long the oldest version that is not there yet has waited. */
  readonly lagMs: number
  /** Why the last try came to nothing, if it did. */
  readonly error: string | null
}

export interface ShipperParts {
  readonly store: Store
  readonly target: ShipTarget
  readonly monotonicMs: () => number
  readonly wallMs: () => number
  readonly notice: (line: string) => void
  /** For what is wrong with the log itself. */
  readonly fatal: (error: unknown) => void
}

export class Shipper {
  readonly #parts: ShipperParts
  /** Undefined until it is known where the target ends. */
  #shipped: number | undefined
  #reign = ""
  #nextMs = 0
  #running = false
  #error: string | null = null

  constructor(parts: ShipperParts) {
    this.#parts = parts
  }

  get status(): ShippingStatus {
    const { store, wallMs } = this.#parts
    const { committed } = store.position()
    if (!this.#ships || this.#shipped === undefined) return { version: null, lagVersions: 0, lagMs: 0, error: this.#error }
    const lagVersions = Math.max(0, committed - this.#shipped)
    // Retention may have taken it away.
    const waitsSinceMs = store.timeOf(Math.max(this.#shipped + 1, store.logStart()))
    return { version: this.#shipped, lagVersions, lagMs: lagVersions === 0 ? 0 : Math.max(0, wallMs() - waitsSinceMs), error: this.#error }
  }

  /** Called often: ships where there is something, and it is time. */
  tick(): void {
    const { monotonicMs } = this.#parts
    if (this.#running || !this.#ships || monotonicMs() < this.#nextMs) return
    this.#nextMs = monotonicMs() + bounds.shipEveryMs
    this.#running = true
    void this.#run().finally(() => {
      this.#running = false
    })
  }

  get #ships(): boolean {
    const { role, clusterId } = this.#parts.store.identity()
    return role === "primary" && clusterId !== undefined
  }

  async #run(): Promise<void> {
    const { store, notice, target } = this.#parts
    try {
      const { epoch } = store.identity()
      // Another reign may have shipped meanwhile.
      if (epoch.id !== this.#reign) this.#shipped = undefined
      this.#reign = epoch.id
      this.#shipped ??= await this.#endOfTarget()
      while (this.#ships && this.#shipped < store.position().committed) this.#shipped = await this.#shipNext(this.#shipped)
      if (this.#error !== null) notice(`ships its log to ${target.shown} again`)
      this.#error = null
    } catch (error) {
      if (error instanceof StoreDamaged) return this.#parts.fatal(error)
      const why = error instanceof Error ? error.message : String(error)
      if (this.#error === null) notice(`cannot ship its log to ${target.shown}, and goes on trying: ${why}`)
      this.#error = why
      this.#shipped = undefined
    }
  }

  /** The last version that this log and the target have in common, or the one before the log's first. */
  async #endOfTarget(): Promise<number> {
    const { store, target, notice } = this.#parts
    const { clusterId = "" } = store.identity()
    const names = await target.list(`tandem-${clusterPrefix(clusterId)}-`).catch(ifMissing)
    const ends = names.flatMap((name) => parseSegmentName(name) ?? []).sort((a, b) => b.to - a.to)
    const { committed } = store.position()
    const common = ends.find(({ to, digest }) => to <= committed && to >= store.logStart() - 1 && isOf(store, to, digest))
    if (common !== undefined) return common.to
    const before = store.logStart() - 1
    if (before > 0) notice(`${target.shown} does not reach up to version ${before}, and retention took away what is before: the log there begins anew, so a restore needs a backup of version ${before} or later`)
    return before
  }

  async #shipNext(shipped: number): Promise<number> {
    const { store, target } = this.#parts
    if (shipped < store.logStart() - 1) return this.#endOfTarget()
    const records = await recordsAfter(store, shipped)
    const last = records.at(-1)
    if (last === undefined) throw new Error(`version ${shipped + 1} is missing from the log`)
    const { name, bytes } = sealSegment(store.identity().clusterId ?? "", records)
    failpoint("ship.write.before")
    await target.write(name, bytes)
    return last.version
  }
}

/** As many as make a segment, read in turns. */
async function recordsAfter(store: Store, shipped: number): Promise<readonly SealedRecord[]> {
  const { committed } = store.position()
  const records: SealedRecord[] = []
  const turns = new Turns()
  let bytes = 0
  for (let version = shipped + 1; version <= committed && bytes < bounds.segmentBytesMax; ) {
    const some = store.records(version, committed, 100, bounds.segmentBytesMax / 16)
    if (some.length === 0) break
    records.push(...some)
    for (const record of some) bytes += record.bytes.length
    version += some.length
    await turns.end()
  }
  return records
}

function isOf(store: Store, version: number, digest: string): boolean {
  const own = store.digest(version)
  return own !== undefined && short(own) === digest
}

/** A directory is made with its first segment. */
function ifMissing(error: unknown): readonly string[] {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
  throw error
}
