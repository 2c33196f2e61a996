// `tandem backup`: a copy of a node's whole data, checked before it is called a backup. Of a running node it comes over HTTP while
// that writes on; of a stopped one it is made from the data directory.
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { dirname, join } from "node:path"
import { backupName, pruneBackups } from "../store/backup-name.ts"
import type { CopyPlace } from "../store/copy-place.ts"
import { type Identity, nobody } from "../store/store.ts"
import { syncPath } from "../store/sync-path.ts"
import type { TableStore } from "../store/table-store.ts"
import { wallMs } from "../runtime/clock.ts"
import { freeBytes } from "../runtime/disk-space.ts"
import { exitCodes } from "../runtime/exit.ts"
import { writeWhole } from "../runtime/write-whole.ts"
import { connect } from "./api.ts"
import { paintFor } from "./colour.ts"
import type { Command, Invocation } from "./command.ts"
import { CommandFailed, systemFailure, wrongUsage } from "./command-failed.ts"
import { jsonLine } from "./json-line.ts"
import { inline } from "./printable.ts"
import { grouped, ProgressBar, whileWaiting } from "./progress.ts"
import { showSize } from "./quantity.ts"
import { withStoppedNode } from "./stopped-node.ts"
import type { Terminal } from "./terminal.ts"
import { whichNode, whichNodeFlags } from "./which-node.ts"

export const backup: Command = {
  name: "backup",
  summary: "Copies a node's whole data, checked, while it writes on",
  arguments: "<file> | <directory> | -",
  positionalsMax: 1,
  flags: {
    ...whichNodeFlags,
    keep: { value: "<n>", help: "In a directory: how many backups of this cluster to keep (all)" },
    json: { help: "File, version and size as JSON" },
  },
  examples: ["tandem backup /var/backups/tandem --url http://127.0.0.1:4000 --keep 7", "tandem backup - --url http://127.0.0.1:4000 | gzip > all.backup.gz", "tandem backup a.backup --data /var/lib/tandem"],
  exits: [exitCodes.failed, exitCodes.damaged, exitCodes.locked, exitCodes.disk, exitCodes.stuck],
  run: runBackup,
}

interface Made {
  readonly file: string
  readonly version: number
  readonly bytes: number
}

async function runBackup(invocation: Invocation): Promise<number> {
  const { flags, positionals, terminal } = invocation
  const [to] = positionals
  if (to === undefined) throw wrongUsage("Where to? A file, a directory, or - for standard output.")
  const keep = keepOf(flags.text("keep"), to)
  const node = whichNode(flags, terminal)
  const made = await (node === "running" ? ofRunning(invocation, to, keep) : ofStopped(invocation, node.stopped, to, keep)).catch((error: unknown) => {
    throw systemFailure(error, "There is no backup")
  })
  const line = flags.on("json") ? jsonLine(made) : `${paintFor(terminal)("green", "Checked")}: ${inline(made.file)}, version ${grouped(made.version)}, ${showSize(made.bytes)}\n`
  if (to === "-") terminal.note(line.trimEnd())
  else await terminal.out(line)
  return exitCodes.done
}

function keepOf(text: string | undefined, to: string): number | undefined {
  if (text === undefined) return undefined
  const keep = Number(text)
  if (!Number.isSafeInteger(keep) || keep < 1) throw wrongUsage(`--keep must be a number, 1 or more, not ${text}.`)
  if (!isDirectory(to)) throw wrongUsage(`--keep goes with a directory, and ${to} is none. Where it is to be made, end its name with a slash.`)
  return keep
}

function isDirectory(path: string): boolean {
  return path.endsWith("/") || (existsSync(path) && statSync(path).isDirectory())
}

async function ofRunning({ flags, terminal }: Invocation, to: string, keep: number | undefined): Promise<Made> {
  const api = connect(flags, terminal)
  const { headers, body } = await whileWaiting(terminal, `${api.url} copies its data and checks the copy`, api.download("/node/backup"))
  const name = /filename="([\w.-]+)"/.exec(headers.get("content-disposition") ?? "")?.[1]
  const digest = /^sha-256=:([\w+/=]+):$/.exec(headers.get("content-digest") ?? "")?.[1]
  if (body === null || name === undefined || digest === undefined) throw new CommandFailed(`${api.url} answered something else than a backup.`)
  const bar = new ProgressBar(terminal, "backup", "bytes")
  const whole = Number(headers.get("content-length"))
  const pieces = (async function* () {
    const hash = createHash("sha256")
    let bytes = 0
    for await (const piece of body) {
      hash.update(piece)
      bytes += piece.length
      bar.at(bytes, bytes / whole)
      yield piece
    }
    bar.end()
    if (hash.digest("base64") !== digest) throw new CommandFailed("The backup did not arrive as it was sent: it is not whole, and not to be used.")
  })()
  const version = Number(headers.get("tandem-version"))
  if (to === "-") return { file: "-", version, bytes: await toOutput(pieces) }
  const path = isDirectory(to) ? join(to, name) : to
  const bytes = await toFile(pieces, path)
  if (keep !== undefined) pruneBackups(to, keep, { clusterId: name.split("-")[1] })
  return { file: path, version, bytes }
}

async function toOutput(pieces: AsyncIterable<Uint8Array>): Promise<number> {
  const { outputTo } = await import("./output.ts")
  const write = outputTo(1)
  let bytes = 0
  for await (const piece of pieces) {
    await write(piece)
    bytes += piece.length
  }
  return bytes
}

/** Under its name it is whole and on the disk. */
async function toFile(pieces: AsyncIterable<Uint8Array>, path: string): Promise<number> {
  await writing(path, async () => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }))
  if (existsSync(path)) throw new CommandFailed(`${path} is there already.`, { hint: "Choose another name, or a directory: there each backup has its own." })
  const unfinished = `${path}.unfinished`
  const file = await openNew(unfinished)
  try {
    let bytes = 0
    for await (const piece of pieces) {
      await writing(path, () => writeWhole(file, piece))
      bytes += piece.length
    }
    await writing(path, () => file.sync())
    renameSync(unfinished, path)
    syncPath(dirname(path))
    return bytes
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

function openNew(path: string): Promise<FileHandle> {
  return writing(path, () => open(path, "w", 0o600))
}

/** The disk that the backup goes to is not ours to crash over. */
async function writing<Done>(path: string, write: () => Promise<Done>): Promise<Done> {
  try {
    return await write()
  } catch (error) {
    throw new CommandFailed(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}.`)
  }
}

async function ofStopped({ terminal }: Invocation, data: string, to: string, keep: number | undefined): Promise<Made> {
  const { copy, identity } = await withStoppedNode(data, terminal, (store) => copyOf(store, data, terminal), "Take the backup from the running node, with --url.")
  try {
    const version = await checked(copy.directory, terminal)
    const name = backupName(identity, version, wallMs())
    const path = isDirectory(to) ? join(to, name) : to
    const pieces = piecesOf(copy.path)
    const bytes = to === "-" ? await toOutput(pieces) : await toFile(pieces, path)
    if (keep !== undefined) pruneBackups(to, keep, identity)
    return { file: to === "-" ? "-" : path, version, bytes }
  } finally {
    copy.remove()
  }
}

async function copyOf(store: TableStore, data: string, terminal: Terminal): Promise<{ readonly copy: CopyPlace; readonly identity: Identity }> {
  const { copyEnvironment } = await import("../store/copy.ts")
  const { CopyPlace } = await import("../store/copy-place.ts")
  const copy = new CopyPlace(data, "new-")
  try {
    const { identity } = await whileWaiting(terminal, "copies the data", copyEnvironment(store, copy.path, { freeBytes, floorBytes: 0, isStopped: true }))
    return { copy, identity }
  } catch (error) {
    copy.remove()
    throw error
  }
}

async function checked(directory: string, terminal: Terminal): Promise<number> {
  const { openLmdbStore } = await import("../store/lmdb-store.ts")
  const { verifyStore } = await import("../store/verify.ts")
  const store = openLmdbStore(directory, nobody)
  const bar = new ProgressBar(terminal, "check", "entries")
  const { committed, problems } = await verifyStore(store, (done, total) => bar.at(done, total === 0 ? undefined : done / total))
  bar.end()
  await store.close()
  const [first] = problems
  if (first !== undefined) throw new CommandFailed(`The data is damaged, so this is no backup: ${first.where}: ${first.what}.`, { exitCode: exitCodes.damaged, hint: "`tandem verify --data` lists all of it." })
  return committed
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const { createReadStream } = await import("node:fs")
  yield* createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>
}
