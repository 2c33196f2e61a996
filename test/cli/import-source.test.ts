// The bytes to import: files and streams, plain and gzip.
import { afterAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { CommandFailed } from "../../src/cli/command-failed.ts"
import { ImportSource } from "../../src/cli/import-source.ts"

const place = mkdtempSync(join(tmpdir(), "tandem-source-"))
afterAll(() => rmSync(place, { recursive: true }))

const fileOf = (name: string, bytes: Uint8Array | string) => {
  const path = join(place, name)
  writeFileSync(path, bytes)
  return path
}

/** A stream whose chunks are this long. */
const streamOf = (bytes: Uint8Array, length: number) => async function* () {
  for (let n = 0; n < bytes.length; n += length) yield bytes.subarray(n, n + length)
}

const nothing = streamOf(new Uint8Array(), 1)

async function textOf(source: ImportSource): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source.chunks()) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const text = "a line\n".repeat(1_000)

describe("what is imported", () => {
  test("comes from a file, and its share is known", async () => {
    const source = new ImportSource(fileOf("plain", text), nothing)
    expect(source.share).toBe(0)
    expect(await textOf(source)).toBe(text)
    expect(source.share).toBe(1)
  })

  test("comes from standard input without a name or with a hyphen, and its share is not known", async () => {
    for (const name of [undefined, "-"]) {
      const source = new ImportSource(name, streamOf(Buffer.from(text), 100))
      expect(await textOf(source)).toBe(text)
      expect(source.share).toBeUndefined()
    }
  })

  test.each([1, 2, 3, 1_000_000])("is unpacked where it is gzip, whatever its name and in chunks of %d", async (length) => {
    expect(await textOf(new ImportSource("-", streamOf(gzipSync(text), length)))).toBe(text)
  })

  test("may be several gzip files in a row", async () => {
    expect(await textOf(new ImportSource(fileOf("rows", Buffer.concat([gzipSync("a\n"), gzipSync("b\n")])), nothing))).toBe("a\nb\n")
  })

  test("may be empty, or shorter than what marks gzip", async () => {
    expect(await textOf(new ImportSource(fileOf("empty", ""), nothing))).toBe("")
    expect(await textOf(new ImportSource(fileOf("short", "1"), nothing))).toBe("1")
    expect(new ImportSource(fileOf("empty", ""), nothing).share).toBeUndefined()
  })

  test("fails in a sentence where it cannot be read", async () => {
    expect(() => new ImportSource(join(place, "missing"), nothing)).toThrow(CommandFailed)
    const directory = textOf(new ImportSource(place, nothing))
    expect(await directory.catch((error: unknown) => error)).toMatchObject({ name: "CommandFailed", exitCode: 1, message: expect.stringContaining("cannot be read") })
  })

  test("fails in a sentence where its gzip is damaged", async () => {
    const packed = gzipSync(text)
    packed.writeUInt8(packed.readUInt8(packed.length - 5) ^ 0xff, packed.length - 5)
    const damaged = textOf(new ImportSource("-", streamOf(packed, 10)))
    expect(await damaged.catch((error: unknown) => error)).toMatchObject({ name: "CommandFailed", message: expect.stringContaining("gzip file is damaged") })
  })
})
