// What an image may lack and what it never lacks, on small histories made by hand.
import { describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Random } from "../sim/random.ts"
import { diskHistory, type DiskStep } from "./disk-history.ts"
import { imageAt, type Loss, losses } from "./disk-image.ts"

/** A directory and a file in it, whose name is durable before its content is. */
const trace = [
  '7 1.0 mkdir("/r/a", 0700) = 0 <0.1>',
  '7 2.0 openat(AT_FDCWD</>, "/r", O_RDONLY) = 3</r> <0.1>',
  "7 3.0 fsync(3</r>) = 0 <0.1>",
  '7 4.0 openat(AT_FDCWD</>, "/r/a/new", O_RDWR|O_CREAT, 0600) = 4</r/a/new> <0.1>',
  '7 5.0 openat(AT_FDCWD</>, "/r/a/new", O_WRONLY|O_DSYNC|O_CLOEXEC) = 5</r/a/new> <0.1>',
  '7 6.0 pwrite64(4</r/a/new>, "ab\\0\\1c\\"\\\\", 7, 2) = 7 <0.1>',
  "7 7.0 fdatasync(4</r/a/new> <unfinished ...>",
  '7 7.2 pwrite64(4</r/a/new>, "late", 4, 20) = 4 <0.1>',
  "7 7.5 <... fdatasync resumed>) = 0 <0.5>",
  '7 8.0 rename("/r/a/new", "/r/a/file") = 0 <0.1>',
  '7 9.0 openat(AT_FDCWD</>, "a", O_RDONLY|O_DIRECTORY) = 6</r/a> <0.1>',
  '7 9.1 openat(AT_FDCWD</>, "/r/a", O_RDONLY|O_DIRECTORY) = 6</r/a> <0.1>',
  "7 10.0 fsync(6</r/a>) = 0 <0.1>",
  '7 11.0 lseek(4</r/a/file>, 1, SEEK_SET) = 1 <0.1>',
  '7 12.0 writev(4</r/a/file>, [{iov_base="xy", iov_len=2}, {iov_base="z", iov_len=1}], 2) = 3 <0.1>',
  '7 13.0 pwrite64(5</r/a/file>, "!", 1, 0) = 1 <0.1>',
  '7 14.0 pwrite64(4</r/a/file>, "failed", 6, 0) = -1 EIO (Input/output error) <0.1>',
]

function history(): DiskStep[] {
  const directory = mkdtempSync(join(tmpdir(), "tandem-trace-"))
  try {
    writeFileSync(join(directory, "trace"), `${trace.join("\n")}\n`)
    return diskHistory([join(directory, "trace")], "/r")
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const steps = history()

function at(cutS: number, loss: Loss, seed = 1): Record<string, string | null> {
  const image = imageAt(steps, cutS, loss, new Random(seed))
  return Object.fromEntries([...image].map(([path, bytes]) => [path, bytes === null ? null : Buffer.from(bytes).toString("latin1")]))
}

describe("a disk whose power was cut", () => {
  test("may have everything that was written, synced or not", () => {
    expect(at(100, "nothing is lost")).toEqual({ "/r/a": null, "/r/a/file": `!xyz\0\x01c"\\${"\0".repeat(11)}late` })
  })

  test("may lack all that no sync had promised when it began, and nothing else", () => {
    expect(at(100, "everything is lost")).toEqual({ "/r/a": null, "/r/a/file": '!\0ab\0\x01c"\\' })
    expect(at(12.9, "everything is lost")).toEqual({ "/r/a": null, "/r/a/file": '\0\0ab\0\x01c"\\' })
  })

  test("has no promise of a sync that was under way", () => {
    expect(at(7.4, "everything is lost")).toEqual({ "/r/a": null })
    expect(at(7.4, "nothing is lost")).toMatchObject({ "/r/a/new": `\0\0ab\0\x01c"\\${"\0".repeat(11)}late` })
  })

  test("has names only as far as their directory was synced", () => {
    expect(at(2.5, "everything is lost")).toEqual({})
    expect(at(9.5, "everything is lost")).toEqual({ "/r/a": null })
    expect(at(9.5, "nothing is lost")).toHaveProperty(["/r/a/file"])
  })

  test.each(losses)("where %s, never lacks what was promised, and is the same for the same seed", (loss) => {
    for (let seed = 1; seed <= 50; seed++) {
      const image = at(100, loss, seed)
      expect(image["/r/a/file"]?.[0]).toBe("!")
      expect(image["/r/a/file"]?.slice(4, 9)).toMatch(/^[b\0z]?\0\x01c"\\/s)
      expect(at(100, loss, seed)).toEqual(image)
    }
  })

  test("may be torn between sectors, and in no sector", () => {
    const write: DiskStep = { kind: "write", file: 0, offset: 100, bytes: new Uint8Array(2_000).fill(1), isSynced: false, beginS: 3, endS: 3.1 }
    const torn: DiskStep[] = [{ kind: "make-directory", path: "/r/a", beginS: 1, endS: 1.1 }, { kind: "name", path: "/r/a/file", file: 0, before: null, beginS: 2, endS: 2.1 }, { kind: "sync-directory", path: "/r", beginS: 2.2, endS: 2.3 }, { kind: "sync-directory", path: "/r/a", beginS: 2.2, endS: 2.3 }, write]
    const seen = new Set<number>()
    for (let seed = 1; seed <= 50; seed++) {
      const bytes = imageAt(torn, 100, "some sectors are lost", new Random(seed)).get("/r/a/file") ?? new Uint8Array(0)
      for (const [from, to] of [[100, 512], [512, 1_024], [1_024, 1_536], [1_536, 2_048], [2_048, 2_100]] as const) {
        expect(new Set(bytes.subarray(from, Math.min(to, bytes.length))).size).toBeLessThanOrEqual(1)
        if (bytes.length >= to) seen.add(from * 2 + (bytes[from] ?? 0))
      }
    }
    expect(seen.size).toBeGreaterThanOrEqual(9)
  })
})
