// Writes to a file descriptor, all of it and in order. A reader who left (`tandem log | head`) and a disk that is full are
// told apart: the first is no error, and the second must not pass for an export that is whole.
import { write } from "node:fs"
import { CommandFailed } from "./command-failed.ts"

/** Nobody reads any more: the command ends, quietly. */
export class ReaderGone extends Error {}

const retryMs = 10

/** Resolves when the system has taken all of it. */
export type Output = (text: string | Uint8Array) => Promise<void>

export function outputTo(descriptor: number): Output {
  let before: Promise<void> = Promise.resolve()
  return (text) => {
    before = before.then(() => writeAll(descriptor, typeof text === "string" ? Buffer.from(text) : text))
    return before
  }
}

async function writeAll(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) written += await writeSome(descriptor, bytes.subarray(written))
}

async function writeSome(descriptor: number, bytes: Uint8Array): Promise<number> {
  const { error, count } = await new Promise<{ error: NodeJS.ErrnoException | null; count: number }>((resolve) => {
    write(descriptor, bytes, 0, bytes.length, null, (error, count) => resolve({ error, count }))
  })
  if (error === null) return count
  if (error.code === "EPIPE") throw new ReaderGone("nobody reads the output any more")
  if (error.code !== "EAGAIN") throw new CommandFailed(`The output cannot be written: ${error.message}`)
  // A pipe that someone made non-blocking, and that is full.
  await new Promise((resolve) => setTimeout(resolve, retryMs))
  return 0
}
