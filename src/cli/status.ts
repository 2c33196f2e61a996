// `tandem status`: how a node is, and what it knows of its peer.
import { exitCodes } from "../runtime/exit.ts"
import { apiFlags, connect } from "./api.ts"
import { type Paint, paintFor } from "./colour.ts"
import type { Command } from "./command.ts"
import { decisionText } from "./decision-text.ts"
import { type Fields, fieldsOf, isFields, numberField, textField } from "./fields.ts"
import { jsonLine } from "./json-line.ts"
import { inline } from "./printable.ts"
import { grouped } from "./progress.ts"
import { showDuration, showSize } from "./quantity.ts"
import { table } from "./table.ts"

export const status: Command = {
  name: "status",
  summary: "How a node is, and what it knows of the other",
  arguments: "",
  positionalsMax: 0,
  flags: { ...apiFlags, json: { help: "The answer of GET /status as it is" } },
  examples: ["tandem status", "tandem status --url http://127.0.0.1:4010 --json"],
  exits: [exitCodes.failed, exitCodes.stuck],
  run: async ({ flags, terminal }) => {
    const answer: unknown = await connect(flags, terminal).ask((service) => service.status())
    if (flags.on("json") || !isFields(answer)) await terminal.out(jsonLine(answer))
    else await terminal.out(table(statusRows(answer, paintFor(terminal)), terminal.shown ? terminal.columns : undefined))
    return exitCodes.done
  },
}

function oldestOfCollections(answer: Fields): string {
  const named = Object.entries(fieldsOf(answer, "oldestVersions")).filter((entry): entry is [string, number] => typeof entry[1] === "number")
  return named.map(([collection, version]) => `, ${inline(collection)} from ${grouped(version)}`).join("")
}

export function statusRows(answer: Fields, paint: Paint): string[][] {
  const peer = fieldsOf(answer, "peer")
  const disk = fieldsOf(answer, "disk")
  const lease = numberField(fieldsOf(answer, "lease"), "remainingMs")
  const stuck = textField(answer, "stuck")
  const yes = (value: unknown, good: string, bad: string) => (value === true ? paint("green", good) : paint("red", bad))
  const rows = [
    ["node", paint("bold", inline(answer["node"])), inline(answer["role"]), paint("dim", `release ${inline(answer["release"])}`)],
    ["cluster", inline(answer["clusterId"])],
    ["epoch", inline(fieldsOf(answer, "epoch")["number"] ?? answer["epoch"])],
    ["mode", answer["mode"] === "solo" ? paint("yellow", "solo") : inline(answer["mode"])],
    ["committed", grouped(numberField(answer, "committed") ?? 0)],
    ["head", `${grouped(numberField(answer, "head") ?? 0)}${numberField(answer, "inDoubt") ? paint("yellow", ` (${numberField(answer, "inDoubt")} in doubt)`) : ""}`],
    ["readable", `from version ${grouped(numberField(answer, "oldestVersion") ?? 1)}${oldestOfCollections(answer)}`],
    ["digest", inline(answer["digest"])],
    ["lease", lease === undefined ? "–" : `${(lease / 1_000).toFixed(1)} s left`],
    ["disk", `${size(disk, "dataBytes")} used, ${size(disk, "freeBytes")} free, floor ${size(disk, "floorBytes")}`],
    ["started", inline(answer["startedAt"])],
    ["peer", inline(peer["node"]), yes(peer["reachable"], "reachable", "unreachable"), syncOf(peer, paint)],
    ["", `committed ${inline(peer["committed"])}, head ${inline(peer["head"])}, last heard ${inline(peer["lastHeardAt"])}`],
  ]
  const decision = fieldsOf(answer, "decision")
  if (textField(decision, "what") !== undefined) rows.push(["decided", decisionText(decision)])
  if (fieldsOf(answer, "promotion")["lacking"] === true) rows.push([paint("red", "lacking"), "it may lack writes that were acknowledged, and is not to be promoted"])
  const fetching = fieldsOf(answer, "fetching")
  if (numberField(fetching, "bytes") !== undefined) rows.push([paint("yellow", "fetching"), `${size(fetching, "bytes")} of ${size(fetching, "totalBytes")} of a copy of the primary's data`])
  const backup = fieldsOf(answer, "backup")
  const backedUp = numberField(backup, "version")
  if (backedUp !== undefined) rows.push(["backup", `version ${grouped(backedUp)}, ${inline(backup["at"])}`])
  if (textField(backup, "error") !== undefined) rows.push([paint("red", "no backup"), inline(backup["error"])])
  const shipping = fieldsOf(answer, "shipping")
  const shipped = numberField(shipping, "version")
  if (shipped !== undefined) rows.push(["shipped", `version ${grouped(shipped)}, ${grouped(numberField(shipping, "lagVersions") ?? 0)} versions and ${showDuration(numberField(shipping, "lagMs") ?? 0)} behind`])
  if (textField(shipping, "error") !== undefined) rows.push([paint("red", "shipping"), inline(shipping["error"])])
  if (stuck !== undefined) rows.push([paint("red", "stuck"), inline(stuck)])
  return rows.map(([name = "", ...values]) => [paint("dim", name), values.join("  ")])
}

/** What a replica knows of a primary that it cannot hear any more is how it was. */
function syncOf(peer: Fields, paint: Paint): string {
  if (peer["inSync"] !== true) return paint("red", "not in sync")
  return peer["reachable"] === true ? paint("green", "in sync") : paint("yellow", "was in sync")
}

function size(fields: Fields, name: string): string {
  const bytes = numberField(fields, name)
  return bytes === undefined ? "–" : showSize(bytes)
}
