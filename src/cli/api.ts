// Talks to a running node: finds its URL and the token, and turns every failure into a sentence with what to do.
// Must never print a token.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "../runtime/exit.ts"
import { parseUrl } from "./addresses.ts"
import { CommandFailed, wrongUsage } from "./command-failed.ts"
import type { Flags, FlagTable } from "./flags.ts"
import { problemFailure } from "./problem-failure.ts"
import type { Terminal } from "./terminal.ts"

export const apiFlags: FlagTable = {
  url: { value: "<url>", help: "The node to talk to; or TANDEM_URL (http://127.0.0.1:4000)" },
  "token-file": { value: "<file>", help: "File with the API key; or the key itself in TANDEM_TOKEN" },
  data: { value: "<directory>", help: "Where to find a root.key without either of them (./data)" },
}

/** A node that says nothing for so long is stuck. */
const answerDefaultMs = 30_000

export interface Api {
  readonly url: string
  /** An answer that is not refused, read as JSON; anything else is thrown as a CommandFailed. */
  json(path: string, options?: RequestOptions): Promise<unknown>
  /** The same, as it came, and with its headers. */
  request(path: string, options?: RequestOptions): Promise<Response>
}

export interface RequestOptions extends RequestInit {
  /** How long to wait for an answer to begin; infinity for what takes as long as it takes. */
  readonly answerMs?: number
  /** The body is a stream, which is sent while the answer comes. */
  readonly duplex?: "half"
}

export function connect(flags: Flags, terminal: Pick<Terminal, "variable">): Api {
  const given = flags.text("url") ?? terminal.variable("TANDEM_URL") ?? "http://127.0.0.1:4000"
  const url = parseUrl(given)
  if (url === undefined) throw wrongUsage(`"${given}" is no http:// or https:// URL.`, "Such as http://127.0.0.1:4000, without a user, a query or a fragment.")
  const token = findToken(flags, terminal)
  const request = async (path: string, options: RequestOptions = {}): Promise<Response> => {
    const headers = new Headers(options.headers)
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`)
    // Followed, a redirect would make a GET of a POST, or hand the token to another host.
    const answer = await reach(`${url}${path}`, { ...options, headers, redirect: "manual" }, url, options.answerMs ?? answerDefaultMs)
    if (!answer.ok) throw await problemFailure(answer, token === undefined)
    return answer
  }
  return { url, request, json: async (path, options) => jsonOf(await request(path, options), url) }
}

/** The body of an answer; a CommandFailed where it is cut, or is no JSON. */
export async function jsonOf(answer: Response, url: string): Promise<unknown> {
  let text: string
  try {
    text = await answer.text()
  } catch (error) {
    throw unreachable(url, error)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandFailed(`${url} does not answer as a node does.`, { hint: "Is this the URL of a Tandem node?" })
  }
}

async function reach(address: string, init: RequestInit, url: string, answerMs: number): Promise<Response> {
  const late = new AbortController()
  const timer = answerMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => late.abort(new Error(`no answer for ${answerMs / 1_000} seconds`)), answerMs)
  const signals = [late.signal, ...(init.signal ? [init.signal] : [])]
  try {
    return await fetch(address, { ...init, signal: AbortSignal.any(signals) })
  } catch (error) {
    throw unreachable(url, late.signal.aborted ? late.signal.reason : error)
  } finally {
    clearTimeout(timer)
  }
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

/** The runtimes say the same in their own words. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED|connection refused/i, "nothing listens there"],
  [/ENOTFOUND|EAI_AGAIN|dns error|failed to lookup/i, "there is no host of that name"],
  [/ETIMEDOUT|timed? ?out/i, "it does not answer"],
  [/ECONNRESET|EPIPE|ConnectionClosed|socket connection was closed|connection reset|connection closed/i, "the connection was cut"],
]

/** Reasons for which nothing was sent. */
const neverAsked: ReadonlySet<string> = new Set(["nothing listens there", "there is no host of that name"])

function whyUnreachable(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : ""
  const text = `${error instanceof Error && "code" in error ? String(error.code) : ""} ${message} ${cause}`
  return reasons.find(([pattern]) => pattern.test(text))?.[1] ?? message.replace(/\.$/, "")
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
