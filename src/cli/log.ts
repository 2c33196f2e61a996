// `tandem log`: the committed records, oldest first; with --follow also those to come.
import { exitCodes } from "../runtime/exit.ts"
import { type Api, apiFlags, connect } from "./api.ts"
import { type Paint, paintFor } from "./colour.ts"
import type { Command, Invocation } from "./command.ts"
import { CommandFailed, wrongUsage } from "./command-failed.ts"
import { decisionText } from "./decision-text.ts"
import { type Fields, fieldsOf, isFields, itemsOf, numberField, textField } from "./fields.ts"
import { jsonLine } from "./json-line.ts"
import { inline } from "./printable.ts"
import { table } from "./table.ts"
import type { Terminal } from "./terminal.ts"

const pollMs = 500
const pageLimit = 200
const shownDefault = 20

export const log: Command = {
  name: "log",
  summary: "What was committed, version by version",
  arguments: "",
  positionalsMax: 0,
  flags: {
    ...apiFlags,
    from: { value: "<version>", help: "First version to show (so that the newest are shown)" },
    limit: { value: "<count>", help: `How many to show (all after --from, else ${shownDefault})` },
    follow: { help: "Go on with what is committed from now on, until Ctrl-C" },
    json: { help: "One JSON object for each record, on a line" },
  },
  examples: ["tandem log --limit 100", "tandem log --follow", "tandem log --from 1 --json | head"],
  exits: [exitCodes.failed, exitCodes.stuck],
  run: runLog,
}

async function runLog({ flags, terminal }: Invocation): Promise<number> {
  const api = connect(flags, terminal)
  const follow = flags.on("follow")
  const limit = wholeFlag(flags.text("limit"), "limit")
  let left = limit ?? Number.POSITIVE_INFINITY
  let from = wholeFlag(flags.text("from"), "from") ?? (await newest(api, limit ?? shownDefault))
  const stop = follow ? terminal.interrupted() : new AbortController().signal
  const show = follow ? patiently(terminal, stop) : (page: Promise<readonly Fields[]>) => page
  const print = printer(flags.on("json"), terminal)
  while (left > 0) {
    const items = await show(page(api, from, Math.min(pageLimit, left), stop))
    if (stop.aborted) break
    if (items.length > 0) {
      await print(items)
      from = (numberField(items.at(-1) ?? {}, "version") ?? from) + 1
      left -= items.length
    } else if (follow) await pause(stop)
    else break
  }
  return exitCodes.done
}

async function page(api: Api, from: number, limit: number, signal: AbortSignal): Promise<readonly Fields[]> {
  return itemsOf(await api.ask((service) => service.pageOfLog({ from, limit, signal })))
}

/** Who follows wants to see what comes after a restart, too; but not to wait without knowing what for. */
function patiently({ note }: Terminal, stop: AbortSignal): (page: Promise<readonly Fields[]>) => Promise<readonly Fields[]> {
  let waiting = false
  return async (page) => {
    try {
      const items = await page
      if (waiting) note("It answers again.")
      waiting = false
      return items
    } catch (error) {
      if (!(error instanceof CommandFailed) || error.exitCode !== exitCodes.stuck) throw error
      if (!waiting && !stop.aborted) note(`${error.message} Waiting for it; Ctrl-C ends this.`)
      waiting = true
      return []
    }
  }
}

/** One table, however many times something is added to it. */
function printer(json: boolean, terminal: Terminal): (items: readonly Fields[]) => Promise<void> {
  const paint = paintFor(terminal)
  const widths: number[] = []
  return async (items) => {
    const columns = terminal.shown ? terminal.columns : undefined
    await terminal.out(json ? items.map(jsonLine).join("") : table(items.map((item) => recordRow(item, paint)), columns, widths))
  }
}

function pause(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer)
      stop.removeEventListener("abort", over)
      resolve()
    }
    const timer = setTimeout(over, pollMs)
    stop.addEventListener("abort", over)
  })
}

/** Where the newest `count` records begin; where not so many are kept, the oldest of them. */
async function newest(api: Api, count: number): Promise<number> {
  const { committed, oldestVersion, oldestVersions } = await api.ask((service) => service.status())
  return Math.max(1, Math.min(oldestVersion, ...Object.values(oldestVersions)), committed - count + 1)
}

export function recordRow(item: Fields, paint: Paint): string[] {
  const writes = Array.isArray(item["writes"]) ? item["writes"].filter(isFields) : []
  const operations = Array.isArray(item["operations"]) ? item["operations"].filter(isFields) : []
  const names = [...new Set(operations.map((operation) => textField(operation, "op") ?? "?"))].join(", ")
  const decisions = operations.filter(({ op }) => op === "pair.decide").map((operation) => decisionText(fieldsOf(operation, "data")))
  const entities = writes.slice(0, 3).map((write) => `${inline(write["collection"])}/${inline(write["id"])}`)
  const more = writes.length > entities.length ? ` and ${writes.length - entities.length} more` : ""
  const note = textField(item, "note")
  return [
    paint("bold", inline(item["version"])),
    paint("dim", inline(item["time"])),
    inline(item["principal"]),
    paint("cyan", names),
    `${[...decisions, ...entities].join(" ")}${more}${note === undefined ? "" : paint("dim", `  ${inline(note)}`)}`,
  ]
}

function wholeFlag(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) throw wrongUsage(`--${name} must be a whole number, 1 or more, not ${text}.`)
  return number
}
