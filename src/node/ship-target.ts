// Where segments of the log are kept: a directory, or what offers the same. What is written there is whole and durable under its name, or
// not there at all.
import { type FileHandle, mkdir, open, readdir, readFile, rename } from "node:fs/promises"
import { join } from "node:path"
import { failpoint } from "../runtime/failpoint.ts"

export interface ShipTarget {
  /** For people. Never has a secret in it. */
  readonly shown: string
  /** The names that begin so, of all that is there. */
  list(prefix: string): Promise<readonly string[]>
  read(name: string): Promise<Uint8Array>
  write(name: string, bytes: Uint8Array): Promise<void>
}

/** `writer`: who writes there; it has one file at a time that is not whole. */
export function directoryTarget(directory: string, writer: string): ShipTarget {
  return {
    shown: directory,
    list: async (prefix) => (await readdir(directory)).filter((name) => name.startsWith(prefix)),
    read: (name) => readFile(join(directory, name)),
    write: async (name, bytes) => {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const unfinished = join(directory, `.unfinished-${writer}-segment`)
      await durably(open(unfinished, "w", 0o600), (file) => file.writeFile(bytes))
      failpoint("ship.rename.before")
      await rename(unfinished, join(directory, name))
      await durably(open(directory, "r"), async () => undefined)
      failpoint("ship.rename.after")
    },
  }
}

async function durably(opening: Promise<FileHandle>, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await opening
  try {
    await write(file)
    await file.sync()
  } finally {
    await file.close()
  }
}
