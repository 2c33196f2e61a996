// The bytes to import: a file or stdin, unpacked where they are gzip, counted as they are read. Bounded memory.
import { createReadStream, statSync } from "node:fs"
import { Readable } from "node:stream"
import { createGunzip } from "node:zlib"
import { CommandFailed } from "./command-failed.ts"

export class ImportSource {
  /** Of the file as it lies on the disk; undefined for stdin. */
  readonly bytesTotal: number | undefined
  bytesRead = 0
  readonly #raw: () => AsyncIterable<Uint8Array>

  constructor(file: string | undefined, input: () => AsyncIterable<Uint8Array>) {
    if (file === undefined || file === "-") {
      this.bytesTotal = undefined
      this.#raw = input
      return
    }
    try {
      this.bytesTotal = statSync(file).size
    } catch (error) {
      throw unreadable(error)
    }
    this.#raw = () => createReadStream(file, { highWaterMark: 256 * 1024 })
  }

  /** The share that is read, where the end is known. */
  get share(): number | undefined {
    return this.bytesTotal === undefined || this.bytesTotal === 0 ? undefined : this.bytesRead / this.bytesTotal
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const counted = this.#counted()
    const first = await atLeast(gzipMark.length, counted)
    const all = resume(first, counted)
    if (!gzipMark.every((byte, n) => first[n] === byte)) return yield* all
    const unpacked = createGunzip()
    const source = Readable.from(all, { objectMode: false })
    source.once("error", (error) => unpacked.destroy(error))
    source.pipe(unpacked)
    try {
      for await (const chunk of unpacked) yield chunk as Uint8Array
    } catch (error) {
      if (error instanceof CommandFailed) throw error
      throw new CommandFailed(`The gzip file is damaged: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      source.destroy()
    }
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#raw()) {
        this.bytesRead += chunk.length
        yield chunk
      }
    } catch (error) {
      throw unreadable(error)
    }
  }
}

async function* resume(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  yield* rest
}

const gzipMark = [0x1f, 0x8b]

/** Less only at the end: a pipe may hand over a single byte first. */
async function atLeast(bytes: number, chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let found: Uint8Array = new Uint8Array()
  while (found.length < bytes) {
    const next = await chunks.next()
    if (next.done === true) break
    found = Buffer.concat([found, next.value])
  }
  return found
}

function unreadable(error: unknown): CommandFailed {
  return new CommandFailed(`The lines to import cannot be read: ${error instanceof Error ? error.message : String(error)}`)
}
