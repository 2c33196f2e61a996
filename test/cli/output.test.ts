// Writing to a descriptor: all of it, in order, and the two ways in which that ends early.
import { describe, expect, test } from "bun:test"
import { spawn } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CommandFailed } from "../../src/cli/command-failed.ts"
import { outputTo, ReaderGone } from "../../src/cli/output.ts"

/** A pipe whose reader is a process. */
async function intoPipe(reader: string, use: (descriptor: number) => Promise<void>): Promise<string> {
  const place = mkdtempSync(join(tmpdir(), "tandem-output-"))
  const pipe = join(place, "pipe")
  const child = spawn("bash", ["-c", `mkfifo "$0"; echo made; ${reader} <"$0"`, pipe], { stdio: ["ignore", "pipe", "inherit"] })
  let read = ""
  child.stdout.on("data", (chunk: Buffer) => (read += chunk.toString()))
  const ended = new Promise((resolve) => child.once("close", resolve))
  await new Promise((resolve) => child.stdout.once("data", resolve))
  const descriptor = openSync(pipe, "w")
  try {
    await use(descriptor)
  } finally {
    closeSync(descriptor)
    await ended
    rmSync(place, { recursive: true })
  }
  return read.slice("made\n".length)
}

describe("output", () => {
  test("is written whole and in order, however slowly it is read and without waiting in between", async () => {
    const parts = Array.from({ length: 20 }, (_, n) => `${n} ${"愛".repeat(20_000)}\n`)
    const read = await intoPipe("{ sleep 0.1; md5sum; }", async (descriptor) => {
      const out = outputTo(descriptor)
      await Promise.all(parts.map(out))
    })
    expect(read).toStartWith(new Bun.CryptoHasher("md5").update(parts.join("")).digest("hex"))
  })

  test("whose reader left says so, now and from then on", async () => {
    await intoPipe("true", async (descriptor) => {
      const out = outputTo(descriptor)
      const write = async () => {
        for (;;) await out("x".repeat(100_000))
      }
      await expect(write()).rejects.toBeInstanceOf(ReaderGone)
      await expect(out("more")).rejects.toBeInstanceOf(ReaderGone)
    })
  })

  test("that finds no room fails, and does not end as if all were written", async () => {
    const full = openSync("/dev/full", "w")
    const failed = await outputTo(full)("x").catch((error: unknown) => error)
    closeSync(full)
    expect(failed).toBeInstanceOf(CommandFailed)
    expect(failed).toMatchObject({ exitCode: 1, message: expect.stringContaining("ENOSPC") })
  })

  test("of nothing writes nothing", async () => {
    const full = openSync("/dev/full", "w")
    await expect(outputTo(full)("")).resolves.toBeUndefined()
    closeSync(full)
  })
})
