// What a disk may hold once its power has gone: all that had been synced by then, and of the rest what chance has it. Never
// leaves out a byte that a sync had promised.
import { mkdirSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import type { Random } from "../sim/random.ts"
import { type DiskStep, type FileNumber, parentOf } from "./disk-history.ts"

/** What becomes of what was not synced. Disks write sectors whole, and page caches pages, in any order. */
export const losses = ["nothing is lost", "everything is lost", "the end is lost", "some writes are lost", "some pages are lost", "some sectors are lost"] as const
export type Loss = (typeof losses)[number]

const pageBytes = 4_096
const sectorBytes = 512

type Change = Extract<DiskStep, { readonly kind: "write" | "resize" }>
type Naming = Extract<DiskStep, { readonly kind: "name" | "unname" | "make-directory" }>

interface Pending<Step> {
  readonly step: Step
  isDurable: boolean
}

/** By path: a file's bytes, or null for a directory. */
export type DiskImage = ReadonlyMap<string, Uint8Array | null>

export function imageAt(history: readonly DiskStep[], cutS: number, loss: Loss, random: Random): DiskImage {
  const changes = new Map<FileNumber, Pending<Change>[]>()
  const namings: Pending<Naming>[] = []
  for (const step of history) {
    if (step.beginS >= cutS) break
    const ended = step.endS < cutS
    switch (step.kind) {
      case "write":
      case "resize":
        changes.set(step.file, [...(changes.get(step.file) ?? []), { step, isDurable: ended && step.kind === "write" && step.isSynced }])
        break
      case "sync":
        if (ended) markDurable(changes.get(step.file) ?? [], step.beginS, () => true)
        break
      case "sync-directory":
        if (ended) markDurable(namings, step.beginS, ({ path }) => parentOf(path) === step.path)
        break
      default:
        namings.push({ step, isDurable: false })
    }
  }
  const files = named(namings, loss, random)
  return new Map([...files].map(([path, file]) => [path, file === null ? null : contentOf(changes.get(file) ?? [], loss, random)]))
}

export function writeImage(image: DiskImage, from: string, directory: string): void {
  for (const [path, bytes] of image) {
    const target = join(directory, relative(from, path))
    if (bytes === null) mkdirSync(target, { recursive: true, mode: 0o700 })
    else writeFileSync(target, bytes, { mode: 0o600 })
  }
}

function markDurable<Step extends DiskStep>(pending: readonly Pending<Step>[], syncBeginS: number, isMeant: (step: Step) => boolean): void {
  for (const one of pending) if (one.step.endS <= syncBeginS && isMeant(one.step)) one.isDurable = true
}

/** Names go to the disk in the order of the file system's journal. */
function named(namings: readonly Pending<Naming>[], loss: Loss, random: Random): Map<string, FileNumber | null> {
  const kept = loss === "nothing is lost" ? namings.length : loss === "everything is lost" ? 0 : random.between(0, namings.length)
  const files = new Map<string, FileNumber | null>()
  for (const [n, { step, isDurable }] of namings.entries()) {
    if (!isDurable && n >= kept) continue
    if (step.kind === "unname") files.delete(step.path)
    else if (step.kind === "make-directory") files.set(step.path, null)
    else {
      if (step.before !== null) files.delete(step.before)
      files.set(step.path, step.file)
    }
  }
  return withParents(files)
}

/** What is in a directory that is not there is not there either. */
function withParents(files: Map<string, FileNumber | null>): Map<string, FileNumber | null> {
  const roots = [...files].filter(([, file]) => file === null).map(([path]) => path).sort((one, other) => one.length - other.length)
  const root = roots[0] ?? ""
  const isThere = (path: string): boolean => path === root || (files.get(parentOf(path)) === null && isThere(parentOf(path)))
  return new Map([...files].filter(([path]) => isThere(path)).sort(([one], [other]) => one.length - other.length))
}

function contentOf(changes: readonly Pending<Change>[], loss: Loss, random: Random): Uint8Array {
  const content = new Content()
  const pending = changes.filter(({ isDurable }) => !isDurable).length
  let endsAt = random.between(0, pending)
  for (const { step, isDurable } of changes) {
    if (isDurable || loss === "nothing is lost") content.change(step)
    else if (loss === "everything is lost") continue
    else if (loss === "the end is lost") {
      endsAt--
      if (endsAt >= 0) content.change(step)
      else if (endsAt === -1) content.changeSome(step, sectorBytes, () => random.chance(0.5))
    } else if (loss === "some writes are lost") {
      if (random.chance(0.5)) content.change(step)
    } else content.changeSome(step, loss === "some pages are lost" ? pageBytes : sectorBytes, () => random.chance(0.5))
  }
  return content.bytes
}

class Content {
  #bytes = Buffer.alloc(64 * 1_024)
  #size = 0

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size)
  }

  change(step: Change): void {
    if (step.kind === "write") this.#write(step.offset, step.bytes)
    else this.#resize(step.size)
  }

  /** Of a write, those units of the disk that `isKept` picks. */
  changeSome(step: Change, unitBytes: number, isKept: () => boolean): void {
    if (step.kind === "resize") {
      if (isKept()) this.change(step)
      return
    }
    const end = step.offset + step.bytes.length
    for (let from = step.offset; from < end; ) {
      const to = Math.min(end, (Math.floor(from / unitBytes) + 1) * unitBytes)
      if (isKept()) this.#write(from, step.bytes.subarray(from - step.offset, to - step.offset))
      from = to
    }
  }

  #write(offset: number, bytes: Uint8Array): void {
    this.#resize(Math.max(this.#size, offset + bytes.length))
    this.#bytes.set(bytes, offset)
  }

  #resize(size: number): void {
    if (size < this.#size) this.#bytes.fill(0, size, this.#size)
    if (size > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], size * 2)
    this.#size = size
  }
}
