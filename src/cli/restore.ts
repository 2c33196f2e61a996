// `tandem restore`: a data directory from a backup, for a new pair or for one that was lost.
import { existsSync, mkdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { targetAt } from "../node/log-place.ts"
import type { ShipTarget } from "../node/ship-target.ts"
import type { Restored, RestoreOptions } from "../node/restore.ts"
import { exitCodes } from "../runtime/exit.ts"
import { lockFile } from "../runtime/file-lock.ts"
import { sessionId } from "../runtime/random.ts"
import { paintFor } from "./colour.ts"
import type { Command, Invocation } from "./command.ts"
import { CommandFailed, systemFailure, wrongUsage } from "./command-failed.ts"
import { logPlaceOf } from "./log-place-setting.ts"
import { jsonLine } from "./json-line.ts"
import { grouped, ProgressBar } from "./progress.ts"
import { parseNodeId } from "./settings.ts"
import { withAddon } from "./with-addon.ts"

export const restoreCommand: Command = {
  name: "restore",
  summary: "Makes a data directory from a backup; never overwrites one",
  arguments: "<backup>",
  positionalsMax: 1,
  flags: {
    data: { value: "<directory>", help: "The data directory to make" },
    node: { value: "<id>", help: "The name of the node that is to use it" },
    log: { value: "<place>", help: "Goes on from the backup by the log that was shipped there: a directory, or s3://bucket/prefix" },
    "log-endpoint": { value: "<url>", help: "Of the object storage, where that is not AWS" },
    to: { value: "<version|time>", help: "Only up to this version or time (all of it)" },
    "same-cluster": { help: "The pair itself is lost, and goes on from here: what is left of it is fenced" },
    json: { help: "Version, its time, cluster and epoch as JSON" },
  },
  examples: [
    "tandem restore all.backup --data /var/lib/tandem --node a",
    "tandem restore all.backup --data /var/lib/tandem --node a --log /mnt/log --same-cluster",
    "tandem restore all.backup --data /tmp/yesterday --node a --to 2026-03-01T12:00:00Z",
    "tandem restore all.backup --data /var/lib/tandem --node a --same-cluster",
  ],
  exits: [exitCodes.failed, exitCodes.damaged, exitCodes.locked, exitCodes.disk, exitCodes.settings],
  run: runRestore,
}

async function runRestore({ flags, positionals, terminal }: Invocation): Promise<number> {
  const [from] = positionals
  const [data, nodeId] = [flags.text("data"), flags.text("node")]
  if (from === undefined) throw wrongUsage("From which backup?")
  if (data === undefined || nodeId === undefined) throw wrongUsage("Both --data, the directory to make, and --node, the name of the node, are needed.")
  if (parseNodeId(nodeId) === undefined) throw wrongUsage(`--node takes lower-case letters, digits and hyphens, 32 at most and a letter first, not "${nodeId}".`)
  if (!existsSync(from)) throw new CommandFailed(`There is no ${from}.`)
  if (!statSync(from).isFile()) throw new CommandFailed(`${from} is no file: a backup is one.`)
  const to = momentOf(flags.text("to"))
  const { restore, RestoreRefused } = await withAddon(() => import("../node/restore.ts"), terminal)
  const bar = new ProgressBar(terminal, "check", "entries")
  const replaying = new ProgressBar(terminal, "replay", "versions")
  const logged = flags.text("log")
  const log = logged === undefined ? undefined : logAt(logged, flags.text("log-endpoint"), terminal)
  try {
    await claim(data)
    const options: RestoreOptions = { from, data, nodeId, sameCluster: flags.on("same-cluster"), to, log, newId: sessionId, onReplay: (versions) => replaying.at(versions, undefined), onProgress: (done, total) => bar.at(done, total === 0 ? undefined : done / total) }
    const restored = await restore(options)
    bar.end()
    replaying.end()
    if (flags.on("json")) await terminal.out(jsonLine(restored))
    else await terminal.out(sentences(restored, options, paintFor(terminal)))
    return exitCodes.done
  } catch (error) {
    bar.end()
    replaying.end()
    if (error instanceof RestoreRefused) throw new CommandFailed(`${error.message}.`, { hint: error.hint, ...(error.damaged ? { exitCode: exitCodes.damaged } : {}) })
    if (error instanceof Error && error.name === "StoreDamaged") throw new CommandFailed(error.message, { exitCode: exitCodes.damaged })
    throw systemFailure(error, `${from} was not restored, and nothing is left of it in ${data}`)
  }
}

function logAt(text: string, endpoint: string | undefined, terminal: Invocation["terminal"]): ShipTarget {
  const place = logPlaceOf(text, endpoint, terminal.variable)
  if ("wrong" in place) throw new CommandFailed(`--log ${place.wrong}.`, { exitCode: exitCodes.settings })
  if (place.kind === "directory" && !existsSync(text)) throw new CommandFailed(`There is no ${text}.`)
  return targetAt(place, "restore")
}

async function claim(data: string): Promise<void> {
  mkdirSync(data, { recursive: true, mode: 0o700 })
  if ((await lockFile(join(data, "lock"))) === undefined) throw new CommandFailed(`${data} is in use by a running node.`, { exitCode: exitCodes.locked })
}

function momentOf(text: string | undefined): RestoreOptions["to"] {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text)) return { version: Number(text) }
  const timeMs = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(timeMs)) throw wrongUsage(`--to must be a version, or a time with its zone such as 2026-03-01T12:00:00Z, not "${text}".`)
  return { timeMs }
}

function sentences({ version, epoch, time }: Restored, { data, nodeId, sameCluster }: RestoreOptions, paint: ReturnType<typeof paintFor>): string {
  const whose = sameCluster ? `the same pair, in epoch ${grouped(epoch)}` : "a pair of its own"
  return [
    `${paint("green", "Restored")} version ${grouped(version)}${time === null ? "" : `, of ${time},`} into ${data}, as node ${nodeId} of ${whose}.`,
    "Start it with `tandem serve`: it answers reads at once, and takes writes when a replica is in sync",
    "(another node with an empty directory and --join), or after `tandem solo on`.",
    "",
  ].join("\n")
}
