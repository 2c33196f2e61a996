// A public app over a fake node, and requests to it in one line each.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Passwords } from "../../src/operations/passwords.ts"
import type { Scope } from "../../src/operations/scope.ts"
import type { TemporaryBackup } from "../../src/node/backups.ts"
import { createPublicApp, type PublicApp, type PublicAppOptions } from "../../src/http/public-app.ts"
import type { PublicSettings } from "../../src/http/exchange.ts"
import { expectDeclared } from "./declared.ts"
import { FakeNode } from "./fake-node.ts"
import { MemoryStore } from "./memory-store.ts"
import { quickPasswords } from "./quick-passwords.ts"

export const rootToken = "tr_root"

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Undefined where the body is not JSON. */
  readonly json: unknown
}

/** What lies at a path inside of JSON; undefined where there is nothing. */
export function inside(json: unknown, ...path: readonly (string | number)[]): unknown {
  let value = json
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined
    value = (value as { readonly [name: string | number]: unknown })[step]
  }
  return value
}

export class Harness {
  readonly node: FakeNode
  readonly reported: string[] = []
  readonly rethrown: unknown[] = []
  readonly app: PublicApp
  /** What asking for a backup gives. */
  backup: () => Promise<TemporaryBackup> = async () => {
    const directory = mkdtempSync(join(tmpdir(), "tandem-harness-"))
    const path = join(directory, "data.mdb")
    writeFileSync(path, "")
    return { path, name: "tandem-c-4-20260301T120000000Z.backup", version: 4, digest: "ab", bytes: 0, remove: () => rmSync(directory, { recursive: true, force: true }) }
  }

  constructor({ streamIdleMs, feedTiming, ...settings }: Partial<PublicSettings> & Pick<PublicAppOptions, "streamIdleMs" | "feedTiming"> = {}, passwords: Passwords = quickPasswords, store = new MemoryStore()) {
    this.node = new FakeNode(store)
    this.node.principals.set(rootToken, { name: "root", scopes: ["admin"] })
    this.app = createPublicApp({
      node: this.node,
      settings: { corsOrigins: [], bodyBytesMax: 64 * 1024, forwardWrites: false, secret: "shared", ...settings },
      passwords,
      backups: { temporary: () => this.backup() },
      verifyStore: async () => ({ committed: this.node.committed(), digest: "ab", problems: [], counts: { records: 1, entities: 1, superseded: 0 } }),
      ...(streamIdleMs === undefined ? {} : { streamIdleMs }),
      ...(feedTiming === undefined ? {} : { feedTiming }),
      hooks: { report: (line) => this.reported.push(line), rethrow: (error) => this.rethrown.push(error) },
    })
  }

  /** A token whose key has these scopes. */
  token(...scopes: Scope[]): string {
    const token = `tk_${scopes.join("_")}`
    this.node.principals.set(token, { name: `key:${scopes.join("_")}`, scopes })
    return token
  }

  async send(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    const headers: Record<string, string> = { ...options.headers }
    if (options.token !== null) headers["authorization"] = `Bearer ${options.token ?? rootToken}`
    const { body } = options
    const init: RequestInit = { method, headers }
    if (body !== undefined) {
      headers["content-type"] ??= "application/json"
      init.body = typeof body === "string" || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body)
    }
    const request = new Request(`http://tandem.test${path}`, init)
    const { url } = request
    const response = await this.app.fetch(request)
    const text = await response.text()
    const answer = { status: response.status, headers: response.headers, text, json: jsonOf(text) }
    expectDeclared(method, url, body, answer)
    return answer
  }

  get(path: string, options: SendOptions = {}): Promise<Answer> {
    return this.send("GET", path, options)
  }

  /** One or more operations; fails where they are not committed. */
  async commit(...operations: readonly { readonly op: string; readonly data: object }[]): Promise<Answer> {
    const answer = await this.send("POST", "/do", { body: { operations } })
    if (answer.status !== 200) throw new Error(`not committed: ${answer.text}`)
    return answer
  }
}

export interface SendOptions {
  /** Null for none. */
  readonly token?: string | null
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
