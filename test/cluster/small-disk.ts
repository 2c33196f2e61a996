// A file system of its own for a directory, of as few bytes as a test wants: it really fills up, and then every write to it fails. It is
// in memory; what was written there is gone with it.
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export class SmallDisk {
  readonly #path: string

  /** `path` need not exist. */
  constructor(path: string, bytes: number) {
    this.#path = path
    mkdirSync(path, { recursive: true, mode: 0o700 })
    mount(["-t", "tmpfs", "-o", `size=${bytes},mode=0700`, "none", path])
  }

  /** Makes room, under whoever uses it. */
  grow(bytes: number): void {
    mount(["-o", `remount,size=${bytes}`, this.#path])
  }

  remove(): void {
    // Whoever still has a file there open keeps it to itself.
    const { status, stderr } = spawnSync("umount", ["--lazy", this.#path], { encoding: "utf8" })
    if (status !== 0) throw new Error(`umount: ${stderr}`)
  }
}

function mount(parameters: readonly string[]): void {
  const { status, stderr, error } = spawnSync("mount", parameters, { encoding: "utf8" })
  if (status !== 0) throw new Error(`mount: ${stderr ?? error?.message}`)
}

/** Only whoever may mount something can say so; where this is false, the tests that need it are left out and counted as such. */
export const mayMount = triesToMount()

function triesToMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), "tandem-mount-"))
  try {
    new SmallDisk(path, 64 * 1024).remove()
    return true
  } catch {
    return false
  } finally {
    rmdirSync(path)
  }
}
