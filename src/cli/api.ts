// Talks to a running node: finds its URL and the token, and turns every failure into a sentence with what to do.
// Must never print a token.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Service } from "../client/service.ts"
import { surroundings } from "../client/surroundings.ts"
import { TandemError } from "../client/tandem-error.ts"
import { type Call, Transport } from "../client/transport.ts"
import { exitCodes } from "../runtime/exit.ts"
import { neverAsked, whyUnreachable } from "../runtime/why-unreachable.ts"
import { parseUrl } from "./addresses.ts"
import { CommandFailed, wrongUsage } from "./command-failed.ts"
import type { Flags, FlagTable } from "./flags.ts"
import { printable } from "./printable.ts"
import { failureOf } from "./problem-failure.ts"
import type { Terminal } from "./terminal.ts"

export const apiFlags: FlagTable = {
  url: { value: "<url>", help: "The node to talk to; or TANDEM_URL (http://127.0.0.1:4000)" },
  "token-file": { value: "<file>", help: "File with the API key; or the key itself in TANDEM_TOKEN" },
  data: { value: "<directory>", help: "Where to find a root.key without either of them (./data)" },
}

/** A node that says nothing for so long is stuck. */
const answerMs = 30_000

export interface Api {
  readonly url: string
  /** What the client answers; its errors are thrown as a CommandFailed. */
  ask<Answer>(call: (service: Service) => Promise<Answer>): Promise<Answer>
  /** What a path answers, as JSON. */
  read(path: string): Promise<unknown>
  /** The answer to a transaction, as it is written. */
  transact(body: string, key: string): Promise<unknown>
  /** A file that the node sends, with its headers, as it comes. */
  download(path: string): Promise<{ readonly headers: Headers; readonly body: ReadableStream<Uint8Array> | null }>
  /** Sends lines and gives the lines that come back, whenever they do: the first one sent may be typed by hand. */
  stream(path: string, lines: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | null>
}

export function connect(flags: Flags, terminal: Pick<Terminal, "variable">): Api {
  const given = flags.text("url") ?? terminal.variable("TANDEM_URL") ?? "http://127.0.0.1:4000"
  const url = parseUrl(given)
  if (url === undefined) throw wrongUsage(`"${given}" is no http:// or https:// URL.`, "Such as http://127.0.0.1:4000, without a user, a query or a fragment.")
  const token = findToken(flags, terminal)
  // Tried once: who sits before it decides what to do next.
  const transport = new Transport({ url, token, timeoutMs: answerMs, tries: 1, surroundings })
  const service = new Service(transport)
  const call = async (parts: Call) => {
    const { json } = await told(transport.send(parts), url, token === undefined)
    return json
  }
  return {
    url,
    ask: (asked) => told(asked(service), url, token === undefined),
    read: (path) => call({ method: "GET", path, first: "primary" }),
    transact: (body, key) => call({ method: "POST", path: "/do", body, first: "primary", key }),
    download: (path) => told(transport.open({ method: "GET", path, first: "primary", attemptMs: Number.POSITIVE_INFINITY, timeoutMs: Number.POSITIVE_INFINITY }), url, token === undefined),
    stream: async (path, lines, signal) => {
      const headers = { "content-type": "application/x-ndjson" }
      const asked = { method: "POST", path, body: lines, headers, first: "primary", signal, timeoutMs: Number.POSITIVE_INFINITY } as const
      return (await told(transport.open(asked), url, token === undefined)).body
    },
  }
}

/** What the client throws, in words of the command line. */
async function told<Answer>(answer: Promise<Answer>, url: string, withoutToken: boolean): Promise<Answer> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof TandemError ? failureFor(error, url, withoutToken) : error
  }
}

function failureFor(error: TandemError, url: string, withoutToken: boolean): CommandFailed {
  const { problem, code, status, outcome, hint } = error
  const mayBeDone = outcome === "unknown"
  if (problem !== undefined) return failureOf({ ...problem }, { withoutToken, mayBeDone })
  if (status >= 200 && status < 300) return new CommandFailed(`${url} does not answer as a node does.`, { hint: "Is this the URL of a Tandem node?", mayBeDone })
  if (code === "unexpected-answer") return new CommandFailed(printable(error.message), { hint: hint === undefined ? undefined : printable(hint), mayBeDone })
  return unreachable(url, error.cause ?? error)
}

/** Worth another try: exit code 75. */
export function unreachable(url: string, error: unknown): CommandFailed {
  const why = whyUnreachable(error)
  return new CommandFailed(`Cannot reach ${url}: ${why}.`, {
    exitCode: exitCodes.stuck,
    mayBeDone: !neverAsked.has(why),
    hint: "Is the node running (`tandem dev`, `tandem serve`), and is this its --listen address? Choose another with --url or TANDEM_URL.",
  })
}

function findToken(flags: Flags, terminal: Pick<Terminal, "variable">): string | undefined {
  const file = flags.text("token-file")
  if (file !== undefined) return readToken(file)
  const direct = terminal.variable("TANDEM_TOKEN")?.trim()
  if (direct !== undefined && direct !== "") return sendable(direct, "TANDEM_TOKEN")
  const fromVariable = terminal.variable("TANDEM_TOKEN_FILE")
  if (fromVariable !== undefined && fromVariable !== "") return readToken(fromVariable)
  const data = flags.text("data") ?? terminal.variable("TANDEM_DATA") ?? "data"
  // One node's own directory, or one that `tandem dev` made for two.
  const found = [join(data, "root.key"), join(data, "a", "root.key")].find((path) => existsSync(path))
  return found === undefined ? undefined : readToken(found)
}

function readToken(file: string): string {
  try {
    return sendable(readFileSync(file, "utf8").trim(), file)
  } catch (error) {
    if (error instanceof CommandFailed) throw error
    throw new CommandFailed(`The API key cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Says what is wrong without showing it: it may be a key with something beside it. */
function sendable(token: string, from: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new CommandFailed(`${from} holds no API key.`, { hint: "A key is one word of letters, digits, - and _, with nothing around it." })
}
