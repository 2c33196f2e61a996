// `tandem do`: one transaction, as JSON or as an operation with its fields as words.
import { exitCodes } from "../runtime/exit.ts"
import { sessionId } from "../runtime/random.ts"
import { type Api, apiFlags, connect } from "./api.ts"
import { paintFor } from "./colour.ts"
import type { Command, Invocation } from "./command.ts"
import { CommandFailed, wrongUsage } from "./command-failed.ts"
import { type Fields, isFields, numberField } from "./fields.ts"
import { jsonLine } from "./json-line.ts"
import { prettyJson } from "./pretty-json.ts"
import { printable } from "./printable.ts"
import { parseWords } from "./words.ts"

export const doCommand: Command = {
  name: "do",
  summary: "Executes one transaction",
  arguments: "<json> | - | <operation> [field=value …]",
  positionalsMax: Number.POSITIVE_INFINITY,
  flags: {
    ...apiFlags,
    key: { value: "<key>", help: "Idempotency key: the same key is never done twice (a new one)" },
    note: { value: "<text>", help: "Why, for the history" },
    "dry-run": { help: "Show what it would do, and leave no trace" },
    json: { help: "The answer of POST /do as it is" },
  },
  examples: [
    "tandem do user.create email=ada@example.com name=Ada",
    "tandem do document.create collection=goals id=g1 value.title='First of all' value.stars=3",
    `tandem do '{"operations":[{"op":"collection.define","data":{"name":"goals"}}]}' --note "goals, at last"`,
    "tandem do - < transaction.json      # what others shall not see in a list of processes, a password say",
  ],
  exits: [exitCodes.failed, exitCodes.stuck],
  run: runDo,
}

async function runDo({ flags, positionals, terminal }: Invocation): Promise<number> {
  const note = flags.text("note")
  const envelope = {
    ...(await envelopeOf(positionals, terminal.input)),
    ...(note === undefined ? {} : { note }),
    ...(flags.on("dry-run") ? { dryRun: true } : {}),
  }
  const body = await send(connect(flags, terminal), envelope, flags.text("key") ?? sessionId())
  if (flags.on("json") || !isFields(body)) {
    await terminal.out(jsonLine(body))
    return exitCodes.done
  }
  const paint = paintFor(terminal)
  const version = numberField(body, "version")
  const done = flags.on("dry-run") ? `Would be version ${version}; nothing was written.` : `Version ${version}`
  await terminal.out(`${paint("green", done)}\n`)
  for (const result of Array.isArray(body["results"]) ? body["results"] : []) await terminal.out(`${prettyJson(result, paint)}\n`)
  return exitCodes.done
}

/** With a key, always: only so can a transaction be sent again of which nobody knows whether it was committed. */
async function send(api: Api, envelope: Fields, key: string): Promise<unknown> {
  try {
    return await api.transact(JSON.stringify(envelope), key)
  } catch (error) {
    if (!(error instanceof CommandFailed) || !error.mayBeDone) throw error
    const again = `Whether it was done is not known. Run it again with --key ${printable(key)}, and it is done once, whatever became of this one.`
    throw new CommandFailed(error.message, { exitCode: error.exitCode, mayBeDone: true, hint: error.hint === undefined ? again : `${error.hint}\n${again}` })
  }
}

const transactionForm = `In quotes, whole: tandem do '{"op": "user.create", "data": {"email": "ada@example.com"}}'`

async function envelopeOf(positionals: readonly string[], input: () => AsyncIterable<Uint8Array>): Promise<Fields> {
  const [first, ...rest] = positionals
  if (first === undefined) throw wrongUsage("What shall be done?", "`tandem do --help` shows examples.")
  if (first !== "-" && !first.trimStart().startsWith("{")) return bareless({ op: first, data: parseWords(rest) })
  if (rest.length > 0) throw wrongUsage("The transaction is one argument; something follows it.", transactionForm)
  const text = first === "-" ? await readAll(input()) : first
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The engine's message would quote the text, which may hold a password.
    throw wrongUsage("The transaction is not JSON.", transactionForm)
  }
  if (!isFields(value)) throw wrongUsage("A transaction is a JSON object.")
  return "op" in value ? bareless(value) : value
}

/** A bare operation takes neither note nor dryRun; an envelope does. */
function bareless(operation: Fields): Fields {
  return { operations: [operation] }
}

async function readAll(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}
