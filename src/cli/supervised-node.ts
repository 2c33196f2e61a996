// One node under `tandem dev`: a child process that is started again where the restart policy says so.
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { monotonicMs } from "../runtime/clock.ts"
import { afterEnding } from "./restart-policy.ts"

/** Longer than a node drains. */
const stopMs = 15_000

export interface SupervisedNodeOptions {
  readonly name: string
  /** Asked before every start: what fits the first start does not fit the second. */
  command(): readonly string[]
  say(line: string): void
  /** It ended in a way that another start would not mend. */
  onGiveUp(code: number): void
}

export class SupervisedNode {
  readonly name: string
  readonly #options: SupervisedNodeOptions
  #child: ChildProcess | undefined
  #ended: Promise<void> = Promise.resolve()
  #earlyEndings = 0
  #stopping = false
  #restart: ReturnType<typeof setTimeout> | undefined

  constructor(options: SupervisedNodeOptions) {
    this.name = options.name
    this.#options = options
  }

  start(): void {
    const [program = "", ...parameters] = this.#options.command()
    const startedMs = monotonicMs()
    // A group of its own, so that Ctrl-C reaches only the supervisor, which stops the two in the right order. Its
    // standard input is what ends it should the supervisor be killed.
    const child = spawn(program, parameters, { stdio: ["pipe", "pipe", "pipe"], detached: true })
    this.#child = child
    child.stdin.on("error", () => {})
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", (line) => this.#options.say(line))
    this.#ended = new Promise((resolve) => {
      let over = false
      const end = (code: number | null, signal: string | null) => {
        if (over) return
        over = true
        this.#child = undefined
        resolve()
        this.#onEnd(code, signal, monotonicMs() - startedMs)
      }
      child.once("error", (error) => {
        this.#options.say(error.message)
        end(1, null)
      })
      child.once("exit", end)
    })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    const child = this.#child
    if (child === undefined) return
    child.kill("SIGTERM")
    const late = setTimeout(() => child.kill("SIGKILL"), stopMs)
    await this.#ended
    clearTimeout(late)
  }

  kill(): void {
    this.#stopping = true
    this.#child?.kill("SIGKILL")
  }

  #onEnd(code: number | null, signal: string | null, ranMs: number): void {
    if (this.#stopping) return
    const next = afterEnding({ code, signal, ranMs, earlyEndings: this.#earlyEndings })
    if (next.kind === "give-up") {
      this.#options.say(`${next.why}; starting it again would not help`)
      return this.#options.onGiveUp(next.code)
    }
    this.#earlyEndings = next.earlyEndings
    this.#options.say(`${next.why}; starting it again in ${next.afterMs} ms`)
    this.#restart = setTimeout(() => this.start(), next.afterMs)
  }
}
