// A call that takes less than it is given is made again; one that takes nothing, or fails, is an error.
import { expect, test } from "bun:test"
import type { FileHandle } from "node:fs/promises"
import { writeWhole } from "../../src/runtime/write-whole.ts"

interface Call {
  readonly bytes: string
  readonly position: number | null
}

/** Takes so many bytes of each call, one after the other. */
function file(takes: readonly number[]): { readonly handle: FileHandle; readonly calls: Call[] } {
  const calls: Call[] = []
  const write = async (bytes: Uint8Array, from: number, length: number, position: number | null): Promise<{ readonly bytesWritten: number }> => {
    calls.push({ bytes: Buffer.from(bytes.subarray(from, from + length)).toString(), position })
    const bytesWritten = takes[calls.length - 1]
    if (bytesWritten === undefined) throw new Error("ENOSPC")
    return { bytesWritten }
  }
  return { handle: { write } as unknown as FileHandle, calls }
}

test("what a call did not take goes on where that ended", async () => {
  const { handle, calls } = file([2, 1, 3])
  await writeWhole(handle, Buffer.from("abcdef"), 10)
  expect(calls).toEqual([{ bytes: "abcdef", position: 10 }, { bytes: "cdef", position: 12 }, { bytes: "def", position: 13 }])
})

test("without a position the file's own is gone on from", async () => {
  const { handle, calls } = file([1, 1])
  await writeWhole(handle, Buffer.from("ab"))
  expect(calls.map(({ position }) => position)).toEqual([null, null])
})

test("a disk that is full is an error, also where it says so with the second call only, or by taking nothing", async () => {
  await expect(writeWhole(file([2]).handle, Buffer.from("abc"))).rejects.toThrow("ENOSPC")
  await expect(writeWhole(file([2, 0]).handle, Buffer.from("abc"))).rejects.toThrow("nothing was taken of 1 bytes")
})
