// One node as a process of its own: started, killed, watched and, where asked to, started again as a supervisor would.
import { type ChildProcess, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { previousRelease } from "../../.ci/previous-release.ts"

const repository = fileURLToPath(new URL("../..", import.meta.url))

/** What a node can run on. */
export type Program = "bun" | "deno" | "executable" | "previous release"

export function commandOf(program: Program): readonly string[] {
  switch (program) {
    case "bun":
      return [process.execPath, join(repository, "server.ts")]
    case "deno":
      return [join(repository, "node_modules/.bin/deno"), "run", "-A", "--no-prompt", join(repository, "server.ts")]
    case "executable":
      return [join(repository, "dist/tandem")]
    case "previous release":
      return [previousRelease()]
    default:
      return program satisfies never
  }
}

export interface Ending {
  readonly code: number | null
  readonly signal: string | null
}

/** Where a node runs and listens. */
export interface Place {
  /** Of the public listener. */
  readonly host: string
  readonly peerHost: string
  /** What runs everything there, in its own place: the command line follows it. */
  readonly under: readonly string[]
}

export const here: Place = { host: "127.0.0.1", peerHost: "127.0.0.1", under: [] }

export interface RealNodeOptions {
  readonly program: Program
  readonly data: string
  readonly url: string
  /** Of `tandem serve`; more may be added at a start. */
  readonly flags: readonly string[]
  readonly place?: Place
}

export interface NodeDescription {
  readonly name: string
  readonly role: "primary" | "replica"
  readonly program?: Program
  readonly data: string
  readonly secretFile: string
  readonly port: number
  readonly peerPort: number
  /** Of the other node. */
  readonly peerUrl: string
  readonly flags?: readonly string[]
  readonly place?: Place
}

export interface StartOptions {
  readonly flags?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** What runs the node, `strace` say: the node's command line follows it. */
  readonly under?: readonly string[]
}

/** Exit codes after which a supervisor starts a node again; signals count too. */
const worthAnotherStart: readonly (number | null)[] = [70, 74, 75]

export class RealNode {
  url: string
  data: string
  program: Program
  /** Everything it printed, over all starts. */
  printed = ""
  starts = 0
  readonly place: Place
  #flags: readonly string[]
  #child: ChildProcess | undefined
  /** The node is a child of what was started, `strace` say. */
  #isWrapped = false
  #ended: Promise<Ending> = Promise.resolve({ code: null, signal: null })
  #supervised = false
  #nextStart: StartOptions = {}

  constructor({ program, data, url, flags, place = here }: RealNodeOptions) {
    this.program = program
    this.data = data
    this.url = url
    this.#flags = flags
    this.place = place
  }

  static describedBy({ name, role, program = "bun", data, secretFile, port, peerPort, peerUrl, flags = [], place = here }: NodeDescription): RealNode {
    const own = ["--node", name, "--data", data, "--secret-file", secretFile, "--role", role]
    const addresses = ["--listen", `${place.host}:${port}`, "--peer-listen", `${place.peerHost}:${peerPort}`, "--peer", peerUrl]
    return new RealNode({ program, data, url: `http://${place.host}:${port}`, flags: [...own, ...addresses, ...flags], place })
  }

  start({ flags = [], environment = {}, under = [] }: StartOptions = {}): void {
    if (this.#child !== undefined) throw new Error("it runs already")
    const [program = "", ...parameters] = [...under, ...this.place.under, ...commandOf(this.program), "serve", ...this.#flags, ...flags]
    const child = spawn(program, parameters, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...environment } })
    this.starts++
    this.#child = child
    this.#isWrapped = under.length > 0
    child.stdout.on("data", (chunk: Buffer) => (this.printed += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (this.printed += chunk.toString()))
    this.#ended = new Promise((resolve, reject) => {
      child.once("error", reject)
      // `close`, not `exit`: what it printed last has been read by then.
      child.once("close", (code, signal) => {
        this.#child = undefined
        resolve({ code, signal })
        if (this.#supervised && (signal !== null || worthAnotherStart.includes(code))) setTimeout(() => this.#startAgain(), 100)
      })
    })
  }

  /** From now on it is started again whenever it ends in a way that another start may mend; the next time once with these options. */
  supervise(next: StartOptions = {}): void {
    this.#supervised = true
    this.#nextStart = next
  }

  #startAgain(): void {
    if (!this.#supervised || this.running) return
    const options = this.#nextStart
    this.#nextStart = {}
    this.start(options)
  }

  get running(): boolean {
    return this.#child !== undefined
  }

  /** Of the node itself, also where something else was started to run it. */
  get pid(): number {
    const started = this.#child?.pid
    if (started === undefined) throw new Error("it does not run")
    if (!this.#isWrapped) return started
    const [own = ""] = readFileSync(`/proc/${started}/task/${started}/children`, "utf8").split(" ")
    return own === "" ? started : Number(own)
  }

  /** It ended in a way that another start does not mend. */
  async hasGivenUp(): Promise<boolean> {
    if (this.running) return false
    const { code, signal } = await this.#ended
    return signal === null && !worthAnotherStart.includes(code)
  }

  /** How the present run ends, or the last one ended. */
  get ended(): Promise<Ending> {
    return this.#ended
  }

  kill(signal: "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT" = "SIGKILL"): void {
    if (this.running) process.kill(this.pid, signal)
  }

  async stop(signal: "SIGKILL" | "SIGTERM" = "SIGTERM"): Promise<Ending> {
    this.#supervised = false
    this.kill(signal)
    return this.#ended
  }

  get rootKey(): string {
    return readFileSync(join(this.data, "root.key"), "utf8").trim()
  }

  /** From its next start on: another peer, say, or another place for its data. */
  setFlag(name: "--role" | "--data" | "--listen" | "--peer-listen" | "--peer", value: string): void {
    const at = this.#flags.indexOf(name)
    if (at < 0) throw new Error(`it has no ${name}`)
    this.#flags = this.#flags.with(at + 1, value)
    if (name === "--data") this.data = value
    if (name === "--listen") this.url = `http://${value}`
  }

  /** What the node itself is told, for commands that take the same. */
  get flags(): readonly string[] {
    return this.#flags
  }

  /** A request with the root key, or with what `init` says. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${this.rootKey}`)
    return fetch(`${this.url}${path}`, { ...init, headers, signal: init.signal ?? AbortSignal.timeout(30_000) })
  }

  async json(path: string): Promise<unknown> {
    const response = await this.fetch(path)
    const text = await response.text()
    if (!response.ok) throw new Error(`GET ${path} at ${this.url}: ${response.status} ${text}`)
    return JSON.parse(text)
  }

  /** Undefined where it does not answer, or ends in the middle of it. */
  async ask(path: string, init: RequestInit = {}): Promise<{ readonly status: number; readonly headers: Headers; readonly text: string } | undefined> {
    try {
      const response = await this.fetch(path, init)
      return { status: response.status, headers: response.headers, text: await response.text() }
    } catch {
      return undefined
    }
  }

  /** Its answer, once it gives one: it may just be starting again. */
  async answer(path: string, init: RequestInit = {}): Promise<{ readonly status: number; readonly text: string }> {
    for (const endMs = performance.now() + 120_000; performance.now() < endMs; ) {
      const answer = await this.ask(path, init)
      if (answer !== undefined && answer.status !== 503) return answer
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`GET ${path} at ${this.url} is not answered\n${this.printed}`)
  }

  /** POST /do; the answer whatever its status is. */
  async do(body: object, key?: string): Promise<{ readonly status: number; readonly body: { readonly [name: string]: unknown }; readonly headers: Headers }> {
    const headers = { "content-type": "application/json", ...(key === undefined ? {} : { "idempotency-key": key }) }
    const response = await this.fetch("/do", { method: "POST", headers, body: JSON.stringify(body) })
    return { status: response.status, body: (await response.json()) as { readonly [name: string]: unknown }, headers: response.headers }
  }

  /** A decision about its role or mode, `promote` say; the answer whatever its status is. */
  async decide(what: "promote" | "solo" | "handover", body: object = {}): Promise<{ readonly status: number; readonly body: { readonly [name: string]: unknown } }> {
    const response = await this.fetch(`/node/${what}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
    return { status: response.status, body: (await response.json()) as { readonly [name: string]: unknown } }
  }

  async isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/readyz?for=sync`, { signal: AbortSignal.timeout(2_000) })
      await response.arrayBuffer()
      return response.ok
    } catch {
      // Not listening.
      return false
    }
  }
}
