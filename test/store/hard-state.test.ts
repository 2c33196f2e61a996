// Hard state as bytes, and what is not taken for it.
import { beforeEach, describe, expect, test } from "bun:test"
import { digestOf, genesisDigest } from "../../src/protocol/digest.ts"
import { HardState } from "../../src/store/hard-state.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { first } from "./disks.ts"

describe("hard state", () => {
  let engine: MemoryEngine
  let state: HardState
  beforeEach(() => {
    engine = new MemoryEngine()
    state = new HardState(engine.tables.hard_state)
  })

  function store(name: string, value: string | Buffer): void {
    engine.transact(() => engine.tables.hard_state.put(Buffer.from(name), Buffer.from(value)))
  }

  test("is that of an empty log where nothing is stored", () => {
    expect(state.identity()).toBeUndefined()
    expect(state.position()).toEqual({ head: 0, headDigest: genesisDigest, committed: 0 })
  })

  test("gives back what was stored, of any size that a version may have", () => {
    const identity = { ...first, clusterId: "ü", epoch: { number: 2 ** 47, id: "x" } }
    const digest = digestOf("head")
    engine.transact(() => {
      state.putIdentity(identity)
      state.putPosition({ head: 2 ** 48 - 1, headDigest: digest, committed: 2 ** 40 }, Buffer.alloc(16, 7))
    })
    expect(state.identity()).toEqual(identity)
    expect(state.state()?.equals(Buffer.alloc(16, 7))).toBe(true)
    const { headDigest, ...numbers } = state.position()
    expect(numbers).toEqual({ head: 2 ** 48 - 1, committed: 2 ** 40 })
    expect(Buffer.from(headDigest).equals(digest)).toBe(true)
  })

  test("has the bytes that the format says", () => {
    engine.transact(() => state.putPosition({ head: 258, headDigest: digestOf("head"), committed: 3 }, Buffer.alloc(16, 0xab)))
    expect(engine.tables.hard_state.get(Buffer.from("position"))?.toString("hex")).toBe(`000000000102000000000003${Buffer.from(digestOf("head")).toString("hex")}${"ab".repeat(16)}`)
  })

  test.each(["", "{", '{"nodeId":', "\u0000"])("that is no identity is damage, not a new node: %j (P6)", (text) => {
    store("identity", text)
    expect(() => state.identity()).toThrow(StoreDamaged)
  })

  test.each([0, 12, 44, 59, 61])("of %d bytes is no position (P6)", (length) => {
    store("position", Buffer.alloc(length))
    expect(() => state.position()).toThrow(StoreDamaged)
  })
})
