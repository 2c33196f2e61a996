// The free-space floor: below it writes are refused before they are prepared, because a full disk fails in ugly ways.

export interface DiskFloorParts {
  readonly floorBytes: number
  readonly checkMs: number
  readonly freeBytes: () => number
  readonly monotonicMs: () => number
}

export class DiskFloor {
  readonly #parts: DiskFloorParts
  #freeBytes = 0
  #checkedAtMs = Number.NEGATIVE_INFINITY

  constructor(parts: DiskFloorParts) {
    this.#parts = parts
  }

  /** Free bytes, at most `checkMs` old. */
  freeBytes(): number {
    const nowMs = this.#parts.monotonicMs()
    if (nowMs - this.#checkedAtMs >= this.#parts.checkMs) {
      this.#checkedAtMs = nowMs
      this.#freeBytes = this.#parts.freeBytes()
    }
    return this.#freeBytes
  }

  /** Why nothing may be written, or undefined where there is room. */
  whyNoSpace(): string | undefined {
    const free = this.freeBytes()
    if (free >= this.#parts.floorBytes) return undefined
    return `the disk has ${free} bytes free, below the floor of ${this.#parts.floorBytes}; nothing was written`
  }
}
