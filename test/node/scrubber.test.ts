// How a node reads through all that it has: a little of each tick, again after a rest, and to the end of the process where something is wrong.
import { describe, expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { Scrubber } from "../../src/node/scrubber.ts"
import type { ScrubPass } from "../../src/store/store.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"

const entryMs = 0.25

/** A store of so many entries, each of which takes a quarter of a millisecond. */
class Reading {
  nowMs = 0
  wallMs = Date.parse("2026-03-01T12:00:00.000Z")
  readonly fatals: unknown[] = []
  damagedAt = Number.POSITIVE_INFINITY
  begun = 0
  closed = 0
  readonly scrubber: Scrubber

  constructor(readonly entriesMax: number) {
    const { monotonicMs, wallMs } = { monotonicMs: () => this.nowMs, wallMs: () => this.wallMs }
    this.scrubber = new Scrubber({ store: { scrub: () => this.#pass() }, monotonicMs, wallMs, fatal: (error) => this.fatals.push(error) })
  }

  #pass(): ScrubPass {
    this.begun++
    let entries = 0
    return {
      get entries() {
        return entries
      },
      step: (spent) => {
        while (entries < this.entriesMax) {
          entries++
          this.nowMs += entryMs
          if (entries === this.damagedAt) throw new StoreDamaged("an entry is damaged")
          if (spent()) return false
        }
        return true
      },
      close: () => void this.closed++,
    }
  }

  ticks(count: number): this {
    for (let n = 0; n < count; n++) {
      this.nowMs += bounds.tickMs
      this.scrubber.tick()
    }
    return this
  }
}

const firstTicks = bounds.scrubFirstMs / bounds.tickMs
const entriesOfSlice = bounds.scrubSliceMs / entryMs

describe("a node's reading of all that it has", () => {
  test("begins a while after its start, and takes one slice of each tick", () => {
    const reading = new Reading(100).ticks(firstTicks - 1)
    expect([reading.begun, reading.scrubber.status]).toEqual([0, { endedAt: null, entries: 0 }])
    reading.ticks(3)
    expect(reading.scrubber.status).toEqual({ endedAt: null, entries: 3 * entriesOfSlice })
  })

  test("rests at the end, and begins again after that", () => {
    const reading = new Reading(3 * entriesOfSlice).ticks(firstTicks + 4)
    expect(reading.scrubber.status).toEqual({ endedAt: "2026-03-01T12:00:00.000Z", entries: 0 })
    expect([reading.begun, reading.closed]).toEqual([1, 1])
    reading.ticks(bounds.scrubPauseMs / bounds.tickMs - 10)
    expect(reading.begun).toBe(1)
    reading.ticks(10)
    expect(reading.begun).toBe(2)
  })

  test("ends the process with what it finds, once", () => {
    const reading = new Reading(100)
    reading.damagedAt = 6
    reading.ticks(firstTicks + 10)
    expect(reading.fatals).toEqual([new StoreDamaged("an entry is damaged")])
    expect([reading.begun, reading.closed]).toEqual([1, 1])
  })

  test("hears of no changes any more once the node stops", () => {
    const reading = new Reading(100).ticks(firstTicks + 1)
    reading.scrubber.stop()
    expect(reading.closed).toBe(1)
    reading.ticks(5)
    expect(reading.begun).toBe(1)
  })
})
