// Brings a store that was made from a backup further, by the log that was shipped: the chain of segments that begins where the backup ends.
// Every record gives its digest and follows the one before; what does not is refused, and nothing is guessed.
import { bounds } from "../bounds.ts"
import type { SealedRecord } from "../protocol/record.ts"
import type { TableStore } from "../store/table-store.ts"
import { clusterPrefix, openSegment, parseSegmentName, SegmentDamaged, type SegmentName, short } from "./segment.ts"
import { SegmentChain } from "./segment-chain.ts"
import type { ShipTarget } from "./ship-target.ts"

/** Up to where; undefined is all that there is. */
export type Goal = { readonly version: number } | { readonly timeMs: number } | undefined

/** With a sentence, and what would help. */
export class ReplayRefused extends Error {
  constructor(
    detail: string,
    readonly hint: string,
    readonly damaged = false,
  ) {
    super(detail)
  }
}

/** Gives the highest epoch that the log knows, of whichever reign. */
export async function replay(store: TableStore, log: ShipTarget, goal: Goal, onProgress: (version: number) => void): Promise<number> {
  return new Replay(store, log, goal, onProgress).run()
}

/** Of the segments of the store's cluster. Throws ReplayRefused where there are none. */
export async function chainOf(store: TableStore, log: ShipTarget): Promise<SegmentChain> {
  const { clusterId = "" } = store.identity()
  const segments = (await log.list(`tandem-${clusterPrefix(clusterId)}-`)).flatMap((name) => parseSegmentName(name) ?? [])
  if (segments.length === 0) throw new ReplayRefused(`${log.shown} holds no log of the cluster ${clusterId}`, "Is it what `serve --ship-to` was given?")
  return new SegmentChain(segments)
}

class Replay {
  readonly #clusterId: string

  constructor(
    private readonly store: TableStore,
    private readonly log: ShipTarget,
    private readonly goal: Goal,
    private readonly onProgress: (version: number) => void,
  ) {
    this.#clusterId = store.identity().clusterId ?? ""
  }

  async run(): Promise<number> {
    const chain = await chainOf(this.store, this.log)
    let records = await this.#firstRecords(chain)
    while (records !== undefined && !(await this.#apply(records))) records = await this.#nextRecords(chain)
    if (records === undefined) this.#checkEnd(chain)
    return chain.epochMax
  }

  /** What follows the backup: of the segment that begins at its end, or of one in whose middle that is. Refused where a reign not older than its own has another version there. */
  async #firstRecords(chain: SegmentChain): Promise<readonly SealedRecord[] | undefined> {
    const { head, headDigest } = this.store.position()
    if (chain.endsOtherwise(head, short(headDigest), this.#headEpoch) !== undefined) throw this.#parted()
    for (const candidate of chain.from(head, short(headDigest))) {
      const records = await this.#open(candidate)
      const first = records.find(({ version }) => version === head + 1)
      if (first !== undefined && Buffer.compare(first.parent, headDigest) === 0) return records.filter(({ version }) => version > head)
      if (candidate.epoch >= this.#headEpoch) throw this.#parted()
    }
    return undefined
  }

  get #headEpoch(): number {
    const { head } = this.store.position()
    return head === 0 ? 0 : (this.store.record(head)?.epoch ?? 0)
  }

  /** What the backup has last was acknowledged by one node alone, and left behind when the other one was promoted. */
  #parted(): ReplayRefused {
    const { head } = this.store.position()
    return new ReplayRefused(`the log at ${this.log.shown} has another version ${head} than the backup`, "The backup is of what a promotion has left behind. Take one from before that, or of the node that was promoted; or restore this one without --log.")
  }

  async #nextRecords(chain: SegmentChain): Promise<readonly SealedRecord[] | undefined> {
    const { head, headDigest } = this.store.position()
    const next = chain.after(head, short(headDigest))
    return next === undefined ? undefined : this.#open(next)
  }

  async #open(segment: SegmentName): Promise<readonly SealedRecord[]> {
    try {
      return openSegment(segment, this.#clusterId, await this.log.read(segment.name))
    } catch (error) {
      if (!(error instanceof SegmentDamaged)) throw error
      const { head } = this.store.position()
      throw new ReplayRefused(error.message, `Up to version ${head} all is sound: restore with --to ${head}.`, true)
    }
  }

  /** True where the goal is reached. */
  async #apply(records: readonly SealedRecord[]): Promise<boolean> {
    const wanted = records.filter((record) => this.#isWanted(record))
    for (const batch of batches(wanted)) {
      const refusal = await this.store.prepare({ records: batch, committed: this.store.position().head })
      if (refusal !== undefined) throw new ReplayRefused(`the log cannot be replayed after version ${this.store.position().head}: ${refusal.detail}`, "Please report it: this should not happen.", true)
      const { head } = this.store.position()
      this.store.commit(head)
      this.onProgress(head)
    }
    return wanted.length < records.length || (this.goal !== undefined && "version" in this.goal && this.store.position().head === this.goal.version)
  }

  #isWanted({ version, timeMs }: SealedRecord): boolean {
    if (this.goal === undefined) return true
    return "version" in this.goal ? version <= this.goal.version : timeMs <= this.goal.timeMs
  }

  #checkEnd(chain: SegmentChain): void {
    const { head } = this.store.position()
    const beyond = chain.beyond(head, this.#headEpoch)
    if (beyond !== undefined) {
      throw new ReplayRefused(`${this.log.shown} has nothing that follows version ${head}, and goes on at version ${beyond.from}`, `Take a backup of version ${beyond.from - 1} or later, or restore with --to ${head}.`)
    }
    if (this.goal !== undefined && "version" in this.goal && head < this.goal.version) {
      throw new ReplayRefused(`${this.log.shown} ends at version ${head}, before version ${this.goal.version}`, `Restore without --to, or with --to ${head}.`)
    }
  }
}

function* batches(records: readonly SealedRecord[]): Generator<readonly SealedRecord[]> {
  let batch: SealedRecord[] = []
  let bytes = 0
  for (const record of records) {
    if (batch.length >= bounds.batchCountMax || (batch.length > 0 && bytes + record.bytes.length > bounds.batchBytesMax)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(record)
    bytes += record.bytes.length
  }
  if (batch.length > 0) yield batch
}
