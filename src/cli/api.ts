// Talks to a running node: finds its URL and the token, and turns every failure into a sentence with what to do.
// Must never print a token.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "../runtime/exit.ts"
import { CommandFailed, wrongUsage } from "./command-failed.ts"
import type { Flags, FlagTable } from "./flags.ts"
import { parseUrl } from "./addresses.ts"
import { problemFailure } from "./problem-failure.ts"
import type { Terminal } from "./terminal.ts"

export const apiFlags: FlagTable = {
  url: { value: "<url>", help: "The node to talk to; or TANDEM_URL (http://127.0.0.1:4000)" },
  "token-file": { value: "<file>", help: "File with the API key; or the key itself in TANDEM_TOKEN" },
  data: { value: "<directory>", help: "Where to find a root.key without either of them (./data)" },
}

export interface Api {
  readonly url: string
  /** An answer that is not refused; anything else is thrown as a CommandFailed. */
  json(path: string): Promise<unknown>
  /** The same, as it came, and with its headers. */
  request(path: string, init?: RequestInit): Promise<Response>
}

export function connect(flags: Flags, terminal: Pick<Terminal, "variable">): Api {
  const given = flags.text("url") ?? terminal.variable("TANDEM_URL") ?? "http://127.0.0.1:4000"
  const url = parseUrl(given)
  if (url === undefined) throw wrongUsage(`"${given}" is no http:// or https:// URL.`)
  const token = findToken(flags, terminal)
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`)
    const answer = await reach(`${url}${path}`, { ...init, headers }, url)
    if (!answer.ok) throw await problemFailure(answer, token === undefined)
    return answer
  }
  return { url, request, json: async (path) => (await request(path)).json() }
}

async function reach(address: string, init: RequestInit, url: string): Promise<Response> {
  try {
    return await fetch(address, init)
  } catch (error) {
    throw unreachable(url, error)
  }
}

/** Worth another try: exit code 75. */
export function unreachable(url: string, error: unknown): CommandFailed {
  return new CommandFailed(`Cannot reach ${url}: ${error instanceof Error ? error.message : String(error)}`, {
    exitCode: exitCodes.stuck,
    hint: "Is the node running (`tandem dev`, `tandem serve`), and is this its --listen address? Choose another with --url or TANDEM_URL.",
  })
}

function findToken(flags: Flags, terminal: Pick<Terminal, "variable">): string | undefined {
  const file = flags.text("token-file")
  if (file !== undefined) return readToken(file)
  const direct = terminal.variable("TANDEM_TOKEN")?.trim()
  if (direct !== undefined && direct !== "") return direct
  const fromVariable = terminal.variable("TANDEM_TOKEN_FILE")
  if (fromVariable !== undefined && fromVariable !== "") return readToken(fromVariable)
  const data = flags.text("data") ?? terminal.variable("TANDEM_DATA") ?? "data"
  // One node's own directory, or one that `tandem dev` made for two.
  const found = [join(data, "root.key"), join(data, "a", "root.key")].find((path) => existsSync(path))
  return found === undefined ? undefined : readToken(found)
}

function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim()
  } catch (error) {
    throw new CommandFailed(`The token cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}
