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
      throw new CommandFailed(`The file cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
    this.#raw = () => createReadStream(file, { highWaterMark: 256 * 1024 })
  }

  /** The share that is read, where the end is known. */
  get share(): number | undefined {
    return this.bytesTotal === undefined || this.bytesTotal === 0 ? undefined : this.bytesRead / this.bytesTotal
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    const counted = this.#counted()
    const first = await counted.next()
    if (first.done === true) return
    const all = resume(first.value, counted)
    if (!isGzip(first.value)) return yield* all
    const unpacked = createGunzip()
    const source = Readable.from(all, { objectMode: false })
    source.once("error", (error) => unpacked.destroy(error))
    source.pipe(unpacked)
    try {
      for await (const chunk of unpacked) yield chunk as Uint8Array
    } catch (error) {
      throw new CommandFailed(`The gzip file is damaged: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      source.destroy()
    }
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#raw()) {
      this.bytesRead += chunk.length
      yield chunk
    }
  }
}

async function* resume(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  yield* rest
}

function isGzip(chunk: Uint8Array): boolean {
  return chunk[0] === 0x1f && chunk[1] === 0x8b
}
