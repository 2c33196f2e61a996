// The free-space floor: asked often, looked at now and then.
import { describe, expect, test } from "bun:test"
import { DiskFloor } from "../../src/node/disk-floor.ts"

class Setup {
  nowMs = 0
  free = 1_000
  looks = 0
  readonly notices: string[] = []
  readonly floor = new DiskFloor({
    node: "a",
    floorBytes: 500,
    checkMs: 1_000,
    freeBytes: () => {
      this.looks++
      return this.free
    },
    monotonicMs: () => this.nowMs,
    notice: (line) => this.notices.push(line),
  })
}

describe("the disk's floor", () => {
  test("refuses below it, not at it, and says whose disk it is and both numbers", () => {
    const setup = new Setup()
    expect(setup.floor.whyNoSpace()).toBeUndefined()
    setup.nowMs += 1_000
    setup.free = 500
    expect(setup.floor.whyNoSpace()).toBeUndefined()
    setup.nowMs += 1_000
    setup.free = 499
    expect(setup.floor.whyNoSpace()).toBe("the disk of node a has 499 bytes free, below the floor of 500; nothing was written")
  })

  test("looks at the disk at the first question, and then once per interval at most", () => {
    const setup = new Setup()
    expect(setup.looks).toBe(0)
    for (; setup.nowMs < 3_000; setup.nowMs += 100) {
      setup.floor.whyNoSpace()
      setup.floor.freeBytes()
    }
    expect(setup.looks).toBe(3)
  })

  test("has room again once there is some", () => {
    const setup = new Setup()
    setup.free = 0
    expect(setup.floor.whyNoSpace()).toBeDefined()
    setup.free = 1_000
    setup.nowMs += 999
    expect(setup.floor.whyNoSpace()).toBeDefined()
    setup.nowMs += 1
    expect(setup.floor.whyNoSpace()).toBeUndefined()
    expect(setup.floor.freeBytes()).toBe(1_000)
  })

  test("says once that it has too little, and once that it has enough again", () => {
    const setup = new Setup()
    for (const free of [1_000, 499, 300, 500, 1_000, 0]) {
      setup.free = free
      setup.floor.whyNoSpace()
      setup.nowMs += 1_000
    }
    expect(setup.notices).toEqual([
      "the disk has 499 bytes free, below the floor of 500: writes are refused until there is room",
      "the disk has 500 bytes free: there is room again",
      "the disk has 0 bytes free, below the floor of 500: writes are refused until there is room",
    ])
  })

  test("passes on that the disk cannot be asked, rather than guess", () => {
    const floor = new DiskFloor({
      node: "a",
      floorBytes: 1,
      checkMs: 1,
      freeBytes: () => {
        throw new Error("EIO")
      },
      monotonicMs: () => 0,
      notice: () => undefined,
    })
    expect(() => floor.whyNoSpace()).toThrow("EIO")
  })
})
