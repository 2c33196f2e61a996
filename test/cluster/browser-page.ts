// A page with one script, served from a port of its own and opened in Debian's Chromium; what the script reports comes back.
import { spawn, spawnSync } from "node:child_process"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

export const browserFlags = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
]

/** More than any machine that works needs to open a page. */
const reportMs = 120_000

/** Where it is missing, the test that needs it is left out and counted as such. CI must have it. */
export const isBrowserHere = process.env["CI"] !== undefined || spawnSync("chromium", ["--version"]).status === 0

export class BrowserPage {
  readonly origin: string
  readonly #server: Server
  #script = ""
  #target: object = {}
  #reported: (text: string) => void = () => undefined

  private constructor(server: Server) {
    this.#server = server
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on("request", (request, response) => this.#answer(request, response))
  }

  static async serve(): Promise<BrowserPage> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    return new BrowserPage(server)
  }

  /** Opens the page with an empty profile; resolves with the JSON that the script reports. */
  async run(script: string, target: object, profile: string): Promise<unknown> {
    this.#script = script
    this.#target = target
    let printed = ""
    // A group of its own: a browser is many processes.
    const browser = spawn("chromium", [...browserFlags, `--user-data-dir=${profile}`, `${this.origin}/`], { stdio: ["ignore", "pipe", "pipe"], detached: true })
    for (const stream of [browser.stdout, browser.stderr]) stream.on("data", (chunk: Buffer) => (printed += chunk.toString()))
    const ended = new Promise<void>((resolve) => browser.once("error", (error) => ((printed += error.message), resolve())).once("close", () => resolve()))
    let late: ReturnType<typeof setTimeout> | undefined
    try {
      const text = await new Promise<string>((resolve, reject) => {
        this.#reported = resolve
        late = setTimeout(() => reject(new Error(`the page reported nothing\n${printed}`)), reportMs)
        void ended.then(() => reject(new Error(`chromium ended, or is missing (apt-get install chromium)\n${printed}`)))
      })
      return JSON.parse(text) as unknown
    } finally {
      clearTimeout(late)
      if (browser.pid !== undefined && browser.exitCode === null && browser.signalCode === null) process.kill(-browser.pid, "SIGKILL")
      await ended
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    switch (request.url) {
      case "/":
        response.setHeader("content-type", "text/html").end('<!doctype html><script type="module" src="/script.js"></script>')
        return
      case "/script.js":
        response.setHeader("content-type", "text/javascript").end(this.#script)
        return
      case "/target":
        response.end(JSON.stringify(this.#target))
        return
      case "/report": {
        let text = ""
        request.on("data", (chunk: Buffer) => (text += chunk.toString())).on("end", () => {
          response.end()
          this.#reported(text)
        })
        return
      }
      default:
        response.writeHead(404).end()
    }
  }
}
