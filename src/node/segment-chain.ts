// Which segments continue a log. Where histories parted because another node was promoted, the one of the newest reign goes on: what
// the reign before it still shipped was never acknowledged by both. Pure.
import type { SegmentName } from "./segment.ts"

interface Reach {
  readonly epoch: number
  readonly version: number
}

export class SegmentChain {
  /** By where they begin, those that reach furthest first. */
  readonly #after = new Map<string, SegmentName[]>()
  readonly #reach = new Map<string, Reach>()
  readonly #segments: readonly SegmentName[]

  constructor(segments: readonly SegmentName[]) {
    this.#segments = [...segments].sort((a, b) => b.from - a.from)
    for (const segment of this.#segments) {
      const next = this.#best(place(segment.to, segment.digest))
      this.#reach.set(segment.name, further({ epoch: segment.epoch, version: segment.to }, next === undefined ? undefined : this.#reach.get(next.name)))
      const begins = place(segment.from - 1, segment.parent)
      this.#after.set(begins, this.#furthestFirst([...(this.#after.get(begins) ?? []), segment]))
    }
  }

  /** The one to go on with after a version whose record has this digest, shortened. */
  after(version: number, digest: string): SegmentName | undefined {
    return this.#best(place(version, digest))
  }

  /**
   * Those that may go on after a version whose record has this digest, shortened, the furthest first: the one that begins there, and
   * all in the middle of which the version is. Whether it is there with the same digest is in their records only.
   */
  from(version: number, digest: string): readonly SegmentName[] {
    const around = this.#segments.filter(({ from, to }) => from <= version && version < to)
    return this.#furthestFirst([...(this.#after.get(place(version, digest)) ?? []), ...around])
  }

  /** The newest that ends at a version with another digest, of this reign or a later one: what has that digest was not shipped. */
  endsOtherwise(version: number, digest: string, epoch: number): SegmentName | undefined {
    return this.#segments.find((segment) => segment.to === version && segment.digest !== digest && segment.epoch >= epoch)
  }

  /** The first segment behind a version of this reign or a later one: where a chain ends before it, versions are missing. */
  beyond(version: number, epoch: number): SegmentName | undefined {
    return this.#segments.findLast((segment) => segment.from > version && segment.epoch >= epoch)
  }

  get epochMax(): number {
    return this.#segments.reduce((most, { epoch }) => Math.max(most, epoch), 0)
  }

  #best(at: string): SegmentName | undefined {
    return this.#after.get(at)?.[0]
  }

  #furthestFirst(segments: readonly SegmentName[]): SegmentName[] {
    const reach = ({ name }: SegmentName): Reach => this.#reach.get(name) ?? { epoch: 0, version: 0 }
    return [...segments].sort((a, b) => reach(b).epoch - reach(a).epoch || reach(b).version - reach(a).version)
  }
}

function place(version: number, digest: string): string {
  return `${version}-${digest}`
}

function further(own: Reach, next: Reach | undefined): Reach {
  return next === undefined || next.epoch < own.epoch ? own : next
}
