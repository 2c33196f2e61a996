// The free-space floor: below it writes are refused before they are prepared, because a full disk fails in ugly ways.

export interface DiskFloorParts {
  /** Whose disk it is: the other node passes a refusal on. */
  readonly node: string
  readonly floorBytes: number
  readonly checkMs: number
  readonly freeBytes: () => number
  readonly monotonicMs: () => number
  readonly notice: (line: string) => void
}

export class DiskFloor {
  readonly #parts: DiskFloorParts
  #freeBytes = 0
  #checkedAtMs = Number.NEGATIVE_INFINITY
  #isBelow = false

  constructor(parts: DiskFloorParts) {
    this.#parts = parts
  }

  /** Free bytes, at most `checkMs` old. */
  freeBytes(): number {
    const nowMs = this.#parts.monotonicMs()
    if (nowMs - this.#checkedAtMs >= this.#parts.checkMs) {
      this.#checkedAtMs = nowMs
      this.#freeBytes = this.#parts.freeBytes()
      this.#tell()
    }
    return this.#freeBytes
  }

  /** Why nothing may be written, or undefined where there is room. */
  whyNoSpace(): string | undefined {
    const free = this.freeBytes()
    if (free >= this.#parts.floorBytes) return undefined
    return `the disk of node ${this.#parts.node} has ${free} bytes free, below the floor of ${this.#parts.floorBytes}; nothing was written`
  }

  /** Only when it changes: a full disk has no room for a line per second. */
  #tell(): void {
    const { floorBytes, notice } = this.#parts
    const isBelow = this.#freeBytes < floorBytes
    if (isBelow === this.#isBelow) return
    this.#isBelow = isBelow
    const free = `the disk has ${this.#freeBytes} bytes free`
    notice(isBelow ? `${free}, below the floor of ${floorBytes}: writes are refused until there is room` : `${free}: there is room again`)
  }
}
