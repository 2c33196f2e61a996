// `tandem export`: every entity of the readable collections as JSON lines, all as of one version.
import { bounds } from "../bounds.ts"
import { exitCodes } from "../runtime/exit.ts"
import { type Api, apiFlags, connect } from "./api.ts"
import type { Command, Invocation } from "./command.ts"
import { CommandFailed, wrongUsage } from "./command-failed.ts"
import { type Fields, isFields, itemsOf, numberField, textField } from "./fields.ts"
import { jsonLine } from "./json-line.ts"
import { counted, ProgressBar } from "./progress.ts"

export const exportCommand: Command = {
  name: "export",
  summary: "Writes all entities (never credentials) as JSON lines, as of one version",
  arguments: "",
  positionalsMax: 0,
  flags: {
    ...apiFlags,
    collection: { value: "<name>", help: "Only this collection; repeated for several", repeats: true },
    at: { value: "<version>", help: "As of this version (the newest)" },
    json: { help: "The summary on stderr as JSON, too; the lines always are" },
  },
  examples: ["tandem export > all.jsonl", "tandem import all.jsonl --url http://elsewhere:4000", "tandem export --collection goals | gzip > goals.jsonl.gz"],
  exits: [exitCodes.failed, exitCodes.stuck],
  run: runExport,
}

async function runExport({ flags, terminal }: Invocation): Promise<number> {
  const api = connect(flags, terminal)
  const asked = flags.text("at")
  const at = asked === undefined ? await newestVersion(api) : Number(asked)
  if (!Number.isSafeInteger(at) || at < 0) throw wrongUsage(`--at must be a version, not ${asked ?? ""}.`)
  const chosen = flags.all("collection")
  const bar = new ProgressBar(terminal, "export", "entities")
  let count = 0
  for await (const { lines, entities } of chosen.length > 0 ? linesOf(api, chosen, at) : allLines(api, at)) {
    await terminal.out(lines.map(jsonLine).join(""))
    count += entities
    bar.at(count, undefined)
  }
  bar.end()
  terminal.note(flags.on("json") ? JSON.stringify({ entities: count, version: at }) : `${counted(count, "entity", "entities")} as of version ${at}.`)
  return exitCodes.done
}

async function newestVersion(api: Api): Promise<number> {
  const answer: unknown = await api.ask((service) => service.status())
  const committed = isFields(answer) ? numberField(answer, "committed") : undefined
  if (committed === undefined) throw new CommandFailed("The node does not say which version is committed.")
  return committed
}

interface Lines {
  readonly lines: readonly Fields[]
  /** How many of them are not written elsewhere, too. */
  readonly entities: number
}

/**
 * In an order in which an import can make it all: collections, then what is in them, and only then what their fields are. So a
 * document may refer to one that comes after it.
 */
async function* allLines(api: Api, at: number): AsyncGenerator<Lines> {
  const names = ["users"]
  let isAnyLeft = false
  for await (const definitions of pages(api, "collections", at)) {
    isAnyLeft ||= definitions.some(hasFields)
    // Users are there without a definition.
    const first = definitions.filter((definition) => !(isOfUsers(definition) && hasFields(definition)))
    names.push(...definitions.filter((definition) => !isOfUsers(definition)).flatMap((definition) => textField(definition, "name") ?? []))
    yield linesFor("collections", first.map((definition) => (hasFields(definition) ? bare(definition) : definition)), first.length)
  }
  yield* linesOf(api, names, at)
  if (!isAnyLeft) return
  for await (const definitions of pages(api, "collections", at)) {
    const defined = definitions.filter(hasFields)
    yield linesFor("collections", defined, defined.filter(isOfUsers).length)
  }
}

function hasFields(definition: Fields): boolean {
  return isFields(definition["fields"])
}

function isOfUsers(definition: Fields): boolean {
  return textField(definition, "name") === "users"
}

/** The collection alone, which takes anything. */
function bare({ id, name }: Fields): Fields {
  return { id, name }
}

function linesFor(collection: string, items: readonly Fields[], entities = items.length): Lines {
  return { lines: items.map((item) => ({ collection, ...item })), entities }
}

async function* linesOf(api: Api, collections: readonly string[], at: number): AsyncGenerator<Lines> {
  for (const collection of collections) {
    for await (const items of pages(api, collection, at)) yield linesFor(collection, items)
  }
}

/** A page may be empty and still not be the last. */
async function* pages(api: Api, collection: string, at: number): AsyncGenerator<readonly Fields[]> {
  let cursor: string | undefined
  do {
    const page: unknown = await api.ask((service) => service.at(at).collection(collection).page({ limit: bounds.pageLimitMax, cursor }))
    yield itemsOf(page)
    cursor = isFields(page) ? textField(page, "next") : undefined
  } while (cursor !== undefined)
}
