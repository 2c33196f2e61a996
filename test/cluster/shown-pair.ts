// A pair as the documents start it, with `tandem dev` in a directory of its own, and what they say of it at the ports that it has here.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { RealCommand } from "./real-command.ts"
import type { Program } from "./real-node.ts"
import { freePairPorts, until } from "./real-pair.ts"

export class ShownPair {
  readonly directory: string
  readonly #port: number
  readonly #dev: RealCommand

  private constructor(directory: string, port: number, dev: RealCommand) {
    this.directory = directory
    this.#port = port
    this.#dev = dev
  }

  static async start(program: Program, flags: readonly string[] = []): Promise<ShownPair> {
    const directory = mkdtempSync(join(tmpdir(), "tandem-shown-"))
    const port = await freePairPorts()
    const dev = new RealCommand(["dev", "--port", String(port), ...flags], { program, directory })
    const pair = new ShownPair(directory, port, dev)
    try {
      await until("the pair is ready, or has ended", () => dev.out.includes("The pair is ready") || !dev.running, () => dev.printed)
      if (!dev.running) throw new Error(`the pair ended:\n${dev.printed}`)
    } catch (error) {
      await pair.remove()
      throw error
    }
    return pair
  }

  /** A document's text, with the URLs of this pair. */
  at(text: string): string {
    return text.replaceAll("127.0.0.1:4000", `127.0.0.1:${this.#port}`).replaceAll("127.0.0.1:4010", `127.0.0.1:${this.#port + 10}`)
  }

  get rootKey(): string {
    return readFileSync(join(this.directory, "data/a/root.key"), "utf8").trim()
  }

  /** As the documents do: the process that the primary's lock names. It is started again. */
  killPrimary(): void {
    process.kill(Number(readFileSync(join(this.directory, "data/a/lock"), "utf8")), "SIGKILL")
  }

  async inSync(): Promise<void> {
    const url = this.at("http://127.0.0.1:4000/readyz?for=sync")
    await until("the primary is ready", async () => (await fetch(url).catch(() => undefined))?.ok === true, () => this.#dev.printed)
  }

  async remove(): Promise<void> {
    this.#dev.signal("SIGTERM")
    await this.#dev.ended
    rmSync(this.directory, { recursive: true, force: true })
  }
}
