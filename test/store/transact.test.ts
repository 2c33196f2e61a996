// The one way to write: what comes out of it when LMDB, the disk or the writer fails.
import { describe, expect, test } from "bun:test"
import type { RootDatabase } from "lmdb"
import { InvariantBroken } from "../../src/protocol/invariant.ts"
import { StoreDamaged } from "../../src/store/store-damaged.ts"
import { DiskError, transact } from "../../src/store/transact.ts"

/** An environment whose transactions run, and then end as `end` says. */
function environment(end: () => void = () => undefined): RootDatabase & { readonly results: unknown[] } {
  const results: unknown[] = []
  const transactionSync = (write: () => unknown): void => {
    results.push(write())
    end()
  }
  return { transactionSync, results } as unknown as RootDatabase & { readonly results: unknown[] }
}

function ioError(): Error {
  return Object.assign(new Error("Input/output error"), { code: 5 })
}

function fails(error: unknown): () => never {
  return () => {
    throw error
  }
}

function thrownBy(run: () => void): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error("nothing was thrown")
}

describe("a transaction", () => {
  test("gives LMDB a function that returns nothing, whatever the writer returns", () => {
    const root = environment()
    transact(root, () => 5 as unknown as undefined)
    expect(root.results).toEqual([undefined])
  })

  test("whose commit fails is a failed disk", () => {
    const error = thrownBy(() => transact(environment(fails(ioError())), () => undefined))
    expect(error).toBeInstanceOf(DiskError)
    expect((error as DiskError).message).toBe("the disk failed: Input/output error")
    expect((error as DiskError).cause).toEqual(ioError())
  })

  test("in which LMDB fails while the writer writes is a failed disk", () => {
    expect(thrownBy(() => transact(environment(), fails(ioError())))).toBeInstanceOf(DiskError)
  })

  test.each([new StoreDamaged("a page is gone"), new InvariantBroken("I8", "twice"), new TypeError("a bug")])("in which the writer itself throws gives that error: %s", (error) => {
    expect(thrownBy(() => transact(environment(), fails(error)))).toBe(error)
  })

  test.each([["a promise", Promise.resolve()], ["anything with then", { then: () => undefined }]])("whose writer returns %s is a bug, not a failed disk", (_, value) => {
    const error = thrownBy(() => transact(environment(), () => value as unknown as undefined))
    expect(error).toBeInstanceOf(TypeError)
  })
})
