// Stands between a node and the other one's peer listener, on the bytes of their connections: knows nothing of messages. What goes
// there and what comes back fare each as a test says; a connection is cut after any byte, or one direction of all of them falls silent.
import { createServer, type Server, Socket } from "node:net"

export type Direction = "there" | "back"

export type Treatment =
  | "pass"
  /** So many bytes more pass, over all connections; the one that carries the next byte is cut, both ways, and then everything passes. */
  | { readonly cutAfterBytes: number }
  /** Nothing passes for now. It is kept, and passes when there is another treatment, as packets do that are sent again and again. */
  | "hold"
  /** What comes is lost. A stream with a gap carries nothing more, later either. */
  | "lose"
  /** By the number of the connection, so that one may overtake another; within one, order is kept. Infinity is `hold`. */
  | { readonly delayMs: (connection: number) => number }

export class BadLine {
  /** How often a connection was cut. */
  cuts = 0
  connections = 0
  /** What came and has not passed yet. */
  underWay = 0
  readonly #treatments: Record<Direction, Treatment> = { there: "pass", back: "pass" }
  /** Since the treatment was set. */
  readonly #bytes: Record<Direction, number> = { there: 0, back: 0 }
  readonly #waiting: Record<Direction, (() => void)[]> = { there: [], back: [] }
  readonly #target: { readonly host: string; readonly port: number }
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(target: string) {
    const { hostname, port } = new URL(target)
    this.#target = { host: hostname, port: Number(port) }
    // Half of a connection may be over while the other half goes on.
    this.#server = createServer({ allowHalfOpen: true }, (near) => this.#connect(near))
  }

  static async open(target: string): Promise<BadLine> {
    const line = new BadLine(target)
    await new Promise<void>((resolve) => line.#server.listen(0, "127.0.0.1", resolve))
    return line
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === "string") throw new Error("it is not open")
    return `http://127.0.0.1:${address.port}`
  }

  set(direction: Direction, treatment: Treatment): void {
    this.#treatments[direction] = treatment
    this.#bytes[direction] = 0
    if (treatment !== "hold") for (const go of this.#waiting[direction].splice(0)) go()
  }

  pass(): void {
    this.set("there", "pass")
    this.set("back", "pass")
  }

  /** Bytes that came since the treatment was set. */
  bytes(direction: Direction): number {
    return this.#bytes[direction]
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #connect(near: Socket): void {
    const connection = this.connections++
    const far = new Socket({ allowHalfOpen: true })
    far.connect(this.#target)
    this.#carry("there", connection, near, far)
    this.#carry("back", connection, far, near)
  }

  #carry(direction: Direction, connection: number, from: Socket, to: Socket): void {
    this.#sockets.add(from)
    let turn: Promise<unknown> = Promise.resolve()
    let hasGap = false
    const inTurn = (treatment: Treatment, act: () => void): void => {
      // Whatever waits began to wait when it came: one after the other, but not each after the other's delay.
      const may = this.#may(direction, connection, treatment)
      this.underWay++
      turn = Promise.all([turn, may]).then(() => {
        this.underWay--
        act()
      })
    }
    from.setNoDelay(true)
    from.on("data", (chunk: Buffer) => {
      const treatment = this.#treatments[direction]
      const before = this.#bytes[direction]
      this.#bytes[direction] += chunk.length
      if (treatment === "lose") hasGap = true
      if (hasGap) return
      if (typeof treatment === "object" && "cutAfterBytes" in treatment && before + chunk.length > treatment.cutAfterBytes) {
        this.set(direction, "pass")
        inTurn("pass", () => this.#cut(from, to, chunk.subarray(0, treatment.cutAfterBytes - before)))
        hasGap = true
        return
      }
      inTurn(treatment, () => to.write(chunk))
    })
    from.on("end", () => {
      if (!hasGap) inTurn(this.#treatments[direction], () => to.end())
    })
    from.on("error", () => undefined)
    // Also where nobody listens there, or who sent it has ended: what came before still passes.
    from.on("close", () => {
      this.#sockets.delete(from)
      inTurn(this.#treatments[direction], () => to.end(() => to.destroySoon()))
    })
  }

  #may(direction: Direction, connection: number, treatment: Treatment): Promise<void> {
    const delayMs = treatment === "hold" ? Infinity : typeof treatment === "object" && "delayMs" in treatment ? treatment.delayMs(connection) : 0
    if (delayMs === Infinity) return new Promise((resolve) => this.#waiting[direction].push(resolve))
    return delayMs === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, delayMs))
  }

  /** What still goes out before has left when both ends are told. */
  #cut(from: Socket, to: Socket, last: Buffer): void {
    this.cuts++
    to.write(last, () => {
      to.destroy()
      from.destroy()
    })
  }
}
