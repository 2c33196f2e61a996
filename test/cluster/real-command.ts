// One command of `tandem` as a process of its own: what it is given, what it prints, how it ends.
import { type ChildProcess, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { commandOf, type Ending, type Program } from "./real-node.ts"

export interface CommandOptions {
  /** What runs it: a program, or the path of an executable. */
  readonly program?: Program | { readonly path: string }
  readonly directory?: string
  /** Beside what this process has, apart from Tandem's own variables. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** What runs the command, `unshare` say: the command line follows it. */
  readonly under?: readonly string[]
}

export class RealCommand {
  /** Standard output so far. */
  out = ""
  /** Standard error so far. */
  err = ""
  readonly pid: number
  readonly ended: Promise<Ending>
  readonly #child: ChildProcess
  #running = true

  /** Starts it, in a process group of its own. Its standard input is open until `endInput`. */
  constructor(parameters: readonly string[], { program = "executable", directory, environment = {}, under = [] }: CommandOptions = {}) {
    const [file = "", ...before] = [...under, ...(typeof program === "string" ? commandOf(program) : [program.path])]
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("TANDEM_"))
    const env = { ...Object.fromEntries(inherited), ...environment }
    const child = spawn(file, [...before, ...parameters], { env, detached: true, stdio: ["pipe", "pipe", "pipe"], ...(directory === undefined ? {} : { cwd: directory }) })
    this.#child = child
    this.pid = child.pid ?? 0
    child.stdin.on("error", () => undefined)
    child.stdout.on("data", (chunk: Buffer) => (this.out += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (this.err += chunk.toString()))
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject)
      // `close`, not `exit`: what it printed last has been read by then.
      child.once("close", (code, signal) => {
        this.#running = false
        resolve({ code, signal })
      })
    })
  }

  get running(): boolean {
    return this.#running
  }

  get printed(): string {
    return this.out + this.err
  }

  /** Resolves when more may be given. */
  async give(chunk: Uint8Array | string): Promise<void> {
    const { stdin } = this.#child
    if (stdin === null || stdin.destroyed || stdin.write(chunk)) return
    await Promise.race([this.ended, new Promise<void>((resolve) => stdin.once("drain", resolve))])
  }

  endInput(): void {
    this.#child.stdin?.end()
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** As a terminal does on Ctrl-C: every process of the group gets it. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal)
  }

  /** What it has on its own heap now, in bytes: without the pages of files, which the system may take back. */
  anonymousBytes(): number {
    try {
      const [, kilobytes = "0"] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8")) ?? []
      return Number(kilobytes) * 1024
    } catch {
      // It has ended.
      return 0
    }
  }
}

/** Runs one to its end without input. */
export async function runCommand(parameters: readonly string[], options: CommandOptions = {}): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const command = new RealCommand(parameters, options)
  command.endInput()
  const { code } = await command.ended
  return { code, out: command.out, err: command.err }
}
