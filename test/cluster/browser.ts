// Debian's Chromium with an empty profile, driven from outside over its DevTools protocol: pages are opened, read and used as they
// are, without a script of the test in them.
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { browserFlags } from "./browser-page.ts"
import { until } from "./real-pair.ts"

interface Reply {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly exceptionDetails?: unknown }
  readonly result?: object
  readonly error?: { readonly message: string }
}

interface Waiting {
  readonly resolve: (result: object) => void
  readonly reject: (error: Error) => void
}

export class Browser {
  /** What scripts of its pages did not catch. */
  readonly uncaught: string[] = []
  readonly #process: ChildProcess
  readonly #ended: Promise<void>
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, Waiting>()
  #sent = 0

  private constructor(process: ChildProcess, ended: Promise<void>, socket: WebSocket) {
    this.#process = process
    this.#ended = ended
    this.#socket = socket
    socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)) as Reply)
    socket.onclose = () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("chromium ended"))
    }
  }

  static async start(directory: string): Promise<Browser> {
    // A group of its own: a browser is many processes.
    const flags = [...browserFlags, "--remote-debugging-port=0", `--user-data-dir=${join(directory, "profile")}`, "about:blank"]
    const child = spawn("chromium", flags, { stdio: ["ignore", "ignore", "pipe"], detached: true })
    let printed = ""
    child.stderr.on("data", (chunk: Buffer) => (printed += chunk.toString()))
    const ended = new Promise<void>((resolve) => child.once("error", (error) => ((printed += error.message), resolve())).once("close", () => resolve()))
    const listening = /DevTools listening on (ws:\S+)/
    await until("chromium listens", () => listening.test(printed), () => printed)
    const socket = new WebSocket(listening.exec(printed)?.[1] ?? "")
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onerror = reject
    })
    return new Browser(child, ended, socket)
  }

  /** A new tab. */
  async open(url: string): Promise<Tab> {
    const { targetId } = (await this.send("Target.createTarget", { url })) as { readonly targetId: string }
    const { sessionId } = (await this.send("Target.attachToTarget", { targetId, flatten: true })) as { readonly sessionId: string }
    await this.send("Runtime.enable", {}, sessionId)
    const tab = new Tab(this, sessionId)
    await tab.until(`location.href !== "about:blank" && ${isLoaded}`, true)
    return tab
  }

  send(method: string, params: object, sessionId?: string): Promise<object> {
    const id = ++this.#sent
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }))
    })
  }

  async close(): Promise<void> {
    this.#socket.close()
    if (this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null) process.kill(-this.#process.pid, "SIGKILL")
    await this.#ended
  }

  #take({ id, method, params, result = {}, error }: Reply): void {
    if (method === "Runtime.exceptionThrown") this.uncaught.push(JSON.stringify(params?.exceptionDetails))
    const waiting = id === undefined ? undefined : this.#waiting.get(id)
    if (id === undefined || waiting === undefined) return
    this.#waiting.delete(id)
    if (error === undefined) waiting.resolve(result)
    else waiting.reject(new Error(error.message))
  }
}

const isLoaded = `document.readyState === "complete"`

export class Tab {
  readonly #browser: Browser
  readonly #session: string

  constructor(browser: Browser, session: string) {
    this.#browser = browser
    this.#session = session
  }

  /** What an expression is in the page; what it throws is thrown. */
  async read(expression: string): Promise<unknown> {
    const asked = { expression, returnByValue: true, awaitPromise: true, userGesture: true }
    const answer = (await this.#browser.send("Runtime.evaluate", asked, this.#session)) as {
      readonly result: { readonly value?: unknown }
      readonly exceptionDetails?: { readonly exception?: { readonly description?: string } }
    }
    if (answer.exceptionDetails !== undefined) throw new Error(answer.exceptionDetails.exception?.description ?? expression)
    return answer.result.value
  }

  /** Waits until an expression is what it shall be. */
  async until(expression: string, expected: unknown): Promise<void> {
    let found: unknown
    const isSo = async () => Bun.deepEquals((found = await this.read(expression)), expected)
    await until(`${expression} is ${JSON.stringify(expected)}`, isSo, () => JSON.stringify([found, this.#browser.uncaught]))
  }

  async click(selector: string): Promise<void> {
    await this.read(`document.querySelector(${JSON.stringify(selector)}).click()`)
  }

  async type(selector: string, text: string): Promise<void> {
    await this.read(`document.querySelector(${JSON.stringify(selector)}).value = ${JSON.stringify(text)}`)
  }

  /** Chooses a value, as a person does: the page hears of it. */
  async choose(selector: string, value: string): Promise<void> {
    await this.type(selector, value)
    await this.read(`document.querySelector(${JSON.stringify(selector)}).dispatchEvent(new Event("change"))`)
  }

  async reload(): Promise<void> {
    await this.read("window.isOld = true")
    await this.#browser.send("Page.reload", {}, this.#session)
    await this.until(`window.isOld === undefined && ${isLoaded}`, true)
  }
}
