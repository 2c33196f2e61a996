// A few lines of TypeScript as a process of their own, under either runtime, with all of src/ to import.
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const runtimes = ["bun", "deno"] as const
export type Runtime = (typeof runtimes)[number]

const repository = fileURLToPath(new URL("../..", import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
}

export class RunningProgram {
  out = ""
  err = ""
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess

  constructor(runtime: Runtime, lines: string, environment: Readonly<Record<string, string>>) {
    // From standard input, so that it finds what the repository's own files find.
    const command = runtime === "bun" ? [process.execPath, "run", "-"] : [join(repository, "node_modules/.bin/deno"), "run", "-A", "--no-prompt", "-"]
    const [program = "", ...parameters] = command
    const child = spawn(program, parameters, { cwd: repository, stdio: "pipe", env: { ...process.env, ...environment } })
    this.#child = child
    child.stdin.end(lines.replaceAll('from "src/', 'from "./src/'))
    child.stdout.on("data", (chunk: Buffer) => (this.out += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (this.err += chunk.toString()))
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject)
      child.once("close", (code, signal) => {
        resolve({ code, signal, out: this.out, err: this.err })
      })
    })
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** Starts `lines`; in them, `from "src/…"` imports the program's own code. */
export function startProgram(runtime: Runtime, lines: string, environment: Readonly<Record<string, string>> = {}): RunningProgram {
  return new RunningProgram(runtime, lines, environment)
}

/** What `lines` print; fails where they do not end with 0. */
export async function printedBy(runtime: Runtime, lines: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, out, err } = await startProgram(runtime, lines, environment).ended
  if (code !== 0) throw new Error(`it ended with ${code} under ${runtime}:\n${err}`)
  return out
}
