// `tandem get`: an entity, its history, or a list, as of any version or time.
import { exitCodes } from "../runtime/exit.ts"
import { apiFlags, connect } from "./api.ts"
import { paintFor } from "./colour.ts"
import type { Command, Invocation } from "./command.ts"
import { wrongUsage } from "./command-failed.ts"
import { entityTable, historyText } from "./entity-view.ts"
import { type Fields, isFields, itemsOf, textField } from "./fields.ts"
import { jsonLine } from "./json-line.ts"
import { prettyJson } from "./pretty-json.ts"
import { printable } from "./printable.ts"

export const get: Command = {
  name: "get",
  summary: "Reads an entity, its history, or a list",
  arguments: "<collection>[/<id>[/history]]",
  positionalsMax: 1,
  flags: {
    ...apiFlags,
    at: { value: "<version>", help: "As of this version" },
    "at-time": { value: "<time>", help: "As of this time, such as 2026-01-31T12:00:00Z" },
    email: { value: "<address>", help: "With `users`: the one who has it" },
    filter: { value: "<field>=<value>", help: "Of a list: only these; also <field>.gt=, .gte=, .lt=, .lte=", repeats: true },
    sort: { value: "<field>", help: "Of a list: its order; -<field> is downwards" },
    fields: { value: "<field>,…", help: "Of a list: what is shown of each value" },
    count: { help: "Of a list: how many there are in all" },
    limit: { value: "<count>", help: "How many of a list (50)" },
    cursor: { value: "<cursor>", help: "Where a list goes on" },
    json: { help: "The answer as it is" },
  },
  examples: ["tandem get users/ada", "tandem get users --email ada@example.com", "tandem get goals/1/history", "tandem get goals --at 41", "tandem get goals --filter done=false --sort -createdAt"],
  exits: [exitCodes.failed, exitCodes.stuck],
  run: runGet,
}

async function runGet({ flags, positionals, terminal }: Invocation): Promise<number> {
  const { path, query } = pathAndQueryOf(positionals[0])
  for (const [flag, parameter] of [["at", "at"], ["at-time", "atTime"], ["email", "email"], ["sort", "sort"], ["fields", "fields"], ["count", "count"], ["limit", "limit"], ["cursor", "cursor"]] as const) {
    const value = flags.text(flag)
    if (value !== undefined) query.set(parameter, value)
  }
  for (const filter of flags.all("filter")) query.append(...filterOf(filter))
  const body = await connect(flags, terminal).read(`${path}${query.size === 0 ? "" : `?${query}`}`)
  if (flags.on("json")) {
    await terminal.out(jsonLine(body))
    return exitCodes.done
  }
  const paint = paintFor(terminal)
  if (!isFields(body) || !Array.isArray(body["items"])) {
    await terminal.out(`${prettyJson(body, paint)}\n`)
    return exitCodes.done
  }
  const columns = terminal.shown ? terminal.columns : Number.POSITIVE_INFINITY
  const items = itemsOf(body)
  await terminal.out(path.endsWith("/history") ? historyText(items, paint) : entityTable(items, paint, columns))
  const next = textField(body, "next")
  if (next !== undefined) terminal.note(`More with --cursor ${printable(next)}`)
  if (items.length === 0) terminal.note("Nothing here.")
  const counted = countText(body)
  if (counted !== undefined) terminal.note(counted)
  return exitCodes.done
}

function filterOf(text: string): [name: string, value: string] {
  const sign = text.indexOf("=")
  if (sign > 0) return [text.slice(0, sign), text.slice(sign + 1)]
  throw wrongUsage(`${printable(text)} is no filter.`, "Filters look like done=false, or n.gte=5.")
}

function countText({ count, countAtLeast }: Fields): string | undefined {
  if (typeof count === "number") return `${count} in all.`
  return typeof countAtLeast === "number" ? `${countAtLeast} or more in all.` : undefined
}

/**
 * What is written as in a URL is taken as in a URL, where it can be nothing else: `goals?done=false`, since no collection has a `?` in its
 * name, and `goals/1?at=41`, though an id may have one.
 */
function pathAndQueryOf(text = ""): { readonly path: string; readonly query: URLSearchParams } {
  const [, path = text, query = ""] = /^(\/?[^/?]+)\?(.*)$/.exec(text) ?? /^(.*?)\?((?:at|atTime|limit|cursor)=.*)$/.exec(text) ?? []
  return { path: pathOf(path), query: new URLSearchParams(query) }
}

/** An id may hold a slash: everything between the collection and a last `/history` is the id. */
export function pathOf(text: string | undefined): string {
  if (text === undefined || text === "") throw wrongUsage("What shall be read?", "`tandem get --help` shows examples.")
  const [collection = "", ...rest] = text.replace(/^\//, "").split("/")
  const history = rest.length > 1 && rest.at(-1) === "history"
  const id = (history ? rest.slice(0, -1) : rest).join("/")
  const parts = [collection, ...(id === "" ? [] : [id])].map(encodeURIComponent)
  return `/${parts.join("/")}${history ? "/history" : ""}`
}
