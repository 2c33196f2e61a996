// What one node did to its disk, step by step, read from what strace saw of it: the bytes of each write, what was synced and
// when, and which names there were. Knows nothing of what the bytes mean.
import { dirname, join } from "node:path"
import { readTrace, type SystemCall } from "./strace.ts"

/** One file, whatever it is called now. */
export type FileNumber = number

export type DiskStep = { readonly beginS: number; readonly endS: number } & (
  | { readonly kind: "write"; readonly file: FileNumber; readonly offset: number; readonly bytes: Uint8Array; readonly isSynced: boolean }
  | { readonly kind: "resize"; readonly file: FileNumber; readonly size: number }
  | { readonly kind: "sync"; readonly file: FileNumber }
  | { readonly kind: "name"; readonly path: string; readonly file: FileNumber; readonly before: string | null }
  | { readonly kind: "make-directory"; readonly path: string }
  | { readonly kind: "unname"; readonly path: string }
  | { readonly kind: "sync-directory"; readonly path: string }
)

/** Every call that such a history is made of. */
export const diskCalls = ["/^open", "/^p?writev?(64|2)?$", "/^f(data)?sync$", "/^rename", "/truncate", "lseek", "/^mkdir", "/^unlink", "rmdir", "close"]

interface Opened {
  readonly file: FileNumber
  readonly isSynced: boolean
  readonly appends: boolean
  position: number
}

/** Below `root`, which was empty when the first of the traces began; each trace is of one process. */
export function diskHistory(traces: readonly string[], root: string): DiskStep[] {
  const reader = new Reader(root)
  for (const trace of traces) reader.process(readTrace(trace))
  return reader.steps
}

class Reader {
  readonly steps: DiskStep[] = []
  readonly #root: string
  readonly #names = new Map<string, FileNumber>()
  readonly #sizes: number[] = []
  readonly #open = new Map<number, Opened | string>()

  constructor(root: string) {
    this.#root = root
  }

  process(calls: readonly SystemCall[]): void {
    this.#open.clear()
    for (const call of calls) if (call.result !== -1) this.#call(call)
  }

  #call(call: SystemCall): void {
    switch (call.name) {
      case "open":
      case "openat":
        return this.#opens(call)
      case "close":
        return void this.#open.delete(descriptorOf(call))
      case "mkdir":
      case "mkdirat":
        return this.#add(call, { kind: "make-directory", path: this.#paths(call)[0] ?? "" })
      case "rename":
      case "renameat":
      case "renameat2":
        return this.#renames(call)
      case "unlink":
      case "unlinkat":
      case "rmdir":
        return this.#unnames(call)
      default:
        return this.#descriptorCall(call, this.#open.get(descriptorOf(call)))
    }
  }

  #opens(call: SystemCall): void {
    const path = this.#paths(call)[0] ?? ""
    const descriptor = call.result ?? -1
    this.#open.delete(descriptor)
    if (!this.#isBelow(path)) return
    const flags = / (O_[A-Z_|]+)/.exec(call.arguments.slice(call.arguments.lastIndexOf('"')))?.[1]?.split("|") ?? []
    let file = this.#names.get(path)
    if (file === undefined && !flags.includes("O_CREAT")) return void this.#open.set(descriptor, path)
    if (file === undefined) {
      file = this.#sizes.push(0) - 1
      this.#names.set(path, file)
      this.#add(call, { kind: "name", path, file, before: null })
    } else if (flags.includes("O_TRUNC")) this.#resize(call, file, 0)
    this.#open.set(descriptor, { file, isSynced: flags.includes("O_DSYNC") || flags.includes("O_SYNC"), appends: flags.includes("O_APPEND"), position: 0 })
  }

  #renames(call: SystemCall): void {
    const [from = "", to = ""] = this.#paths(call)
    const file = this.#names.get(from)
    if (file === undefined) {
      if (this.#isBelow(from)) throw new Error(`a directory is renamed, which this does not know: ${call.arguments}`)
      return
    }
    this.#names.delete(from)
    this.#names.set(to, file)
    this.#add(call, { kind: "name", path: to, file, before: from })
  }

  #unnames(call: SystemCall): void {
    const path = this.#paths(call)[0] ?? ""
    this.#names.delete(path)
    this.#add(call, { kind: "unname", path })
  }

  #descriptorCall(call: SystemCall, opened: Opened | string | undefined): void {
    if (opened === undefined) return
    const isSync = call.name === "fsync" || call.name === "fdatasync"
    if (typeof opened === "string") return isSync ? this.#add(call, { kind: "sync-directory", path: opened }) : undefined
    const { file } = opened
    if (isSync) return this.#add(call, { kind: "sync", file })
    if (call.name === "lseek") opened.position = call.result ?? 0
    else if (call.name === "ftruncate") this.#resize(call, file, lastNumber(call))
    else if (call.name.includes("write")) this.#writes(call, opened)
  }

  #resize(call: SystemCall, file: FileNumber, size: number): void {
    this.#sizes[file] = size
    this.#add(call, { kind: "resize", file, size })
  }

  #writes(call: SystemCall, opened: Opened): void {
    const { file, isSynced, appends } = opened
    // Short where the disk was full; where the process ended in it, all of it may be there.
    const bytes = bytesOf(call).subarray(0, call.result ?? undefined)
    const isPlaced = call.name.startsWith("p")
    const offset = isPlaced ? lastNumber(call) : appends ? (this.#sizes[file] ?? 0) : opened.position
    if (!isPlaced) opened.position = offset + bytes.length
    this.#sizes[file] = Math.max(this.#sizes[file] ?? 0, offset + bytes.length)
    this.#add(call, { kind: "write", file, offset, bytes, isSynced })
  }

  #add({ beginS, endS }: SystemCall, step: DistributiveOmit<DiskStep, "beginS" | "endS">): void {
    if ("path" in step && !this.#isBelow(step.path)) return
    this.steps.push({ ...step, beginS, endS })
  }

  #isBelow(path: string): boolean {
    return path === this.#root || path.startsWith(`${this.#root}/`)
  }

  /** Of the names that a call is given, each below the directory that it is given with. */
  #paths({ arguments: shown }: SystemCall): string[] {
    return [...shown.matchAll(/(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"([^"]*)"/g)].map(([, below = "/", path = ""]) => (path.startsWith("/") ? path : join(below, path)))
  }
}

type DistributiveOmit<Union, Name extends PropertyKey> = Union extends unknown ? Omit<Union, Name> : never

export function parentOf(path: string): string {
  return dirname(path)
}

function descriptorOf({ arguments: shown }: SystemCall): number {
  return Number.parseInt(shown, 10)
}

function lastNumber({ arguments: shown }: SystemCall): number {
  return Number(/, (\d+)$/.exec(shown)?.[1])
}

/** All that a write was given, also in several pieces. */
function bytesOf({ arguments: shown }: SystemCall): Uint8Array {
  const pieces = [...shown.matchAll(/"((?:[^"\\]|\\.)*)"(\.\.\.)?/gs)]
  if (pieces.some(([, , more]) => more !== undefined)) throw new Error("strace did not show all bytes of a write")
  return Buffer.concat(pieces.map(([, text = ""]) => unescape(text)))
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" }

function unescape(text: string): Buffer {
  const plain = text.replace(/\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))/gs, (_, octal: string | undefined, hex: string | undefined, one: string | undefined) => {
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
    return hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (escapes[one ?? ""] ?? one ?? "")
  })
  return Buffer.from(plain, "latin1")
}
