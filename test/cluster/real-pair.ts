// Two real nodes with empty disks under one temporary directory.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { BadLine } from "./bad-line.ts"
import { PeerProxy } from "./peer-proxy.ts"
import { here, type Place, type Program, RealNode } from "./real-node.ts"

export interface PairOptions {
  readonly primary?: Program
  readonly replica?: Program
  /** Flags of both nodes. */
  readonly flags?: readonly string[]
  /** Puts a proxy on the way from the primary to the replica. */
  readonly proxied?: boolean
  /** Puts a line there whose bytes may fare badly, and another one on the way back, for when the replica leads. */
  readonly badLine?: boolean
  /** Of the primary and the replica. */
  readonly places?: readonly [Place, Place]
}

export const pairSecret = "a secret for tests, of more than 32 characters"

export class RealPair {
  readonly directory: string
  /** The primary at first. */
  readonly a: RealNode
  /** The replica at first. */
  readonly b: RealNode
  /** Who takes writes, as far as clients have found out. */
  primary: RealNode

  readonly #proxy: PeerProxy | undefined
  readonly #lines: readonly [fromA: BadLine, fromB: BadLine] | undefined
  /** The peer listeners. */
  readonly primaryPeerUrl: string
  readonly replicaPeerUrl: string

  private constructor(directory: string, a: RealNode, b: RealNode, [primaryPeerUrl, replicaPeerUrl]: readonly [string, string], proxy: PeerProxy | undefined, lines: readonly [BadLine, BadLine] | undefined) {
    this.directory = directory
    this.a = a
    this.b = b
    this.primary = a
    this.primaryPeerUrl = primaryPeerUrl
    this.replicaPeerUrl = replicaPeerUrl
    this.#proxy = proxy
    this.#lines = lines
  }

  /** Makes the pair; nothing runs yet. */
  static async make({ primary = "bun", replica = "bun", flags = [], proxied = false, badLine = false, places = [here, here] }: PairOptions = {}): Promise<RealPair> {
    const directory = mkdtempSync(join(tmpdir(), "tandem-pair-"))
    const secretFile = join(directory, "secret")
    writeFileSync(secretFile, `${pairSecret}\n`, { mode: 0o600 })
    const [aPort, aPeer, bPort, bPeer] = (await freePorts(4)) as [number, number, number, number]
    const primaryPeerUrl = `http://${places[0].peerHost}:${aPeer}`
    const replicaPeerUrl = `http://${places[1].peerHost}:${bPeer}`
    const lines = badLine ? ([await BadLine.open(replicaPeerUrl), await BadLine.open(primaryPeerUrl)] as const) : undefined
    const proxy = proxied ? new PeerProxy(lines?.[0].url ?? replicaPeerUrl) : undefined
    const both = { secretFile, flags }
    const a = RealNode.describedBy({ ...both, place: places[0], name: "a", role: "primary", program: primary, data: join(directory, "a"), port: aPort, peerPort: aPeer, peerUrl: proxy?.url ?? lines?.[0].url ?? replicaPeerUrl })
    const b = RealNode.describedBy({ ...both, place: places[1], name: "b", role: "replica", program: replica, data: join(directory, "b"), port: bPort, peerPort: bPeer, peerUrl: lines?.[1].url ?? primaryPeerUrl })
    return new RealPair(directory, a, b, [primaryPeerUrl, replicaPeerUrl], proxy, lines)
  }

  get isProxied(): boolean {
    return this.#proxy !== undefined
  }

  get proxy(): PeerProxy {
    if (this.#proxy === undefined) throw new Error("this pair was made without a proxy")
    return this.#proxy
  }

  get hasBadLine(): boolean {
    return this.#lines !== undefined
  }

  /** What a node says to the other one goes over it. */
  lineFrom(node: RealNode): BadLine {
    if (this.#lines === undefined) throw new Error("this pair was made without a bad line")
    return this.#lines[node === this.a ? 0 : 1]
  }

  get nodes(): readonly [RealNode, RealNode] {
    return [this.a, this.b]
  }

  other(node: RealNode): RealNode {
    return node === this.a ? this.b : this.a
  }

  /** It answers no writes: perhaps the other one does. */
  isNotPrimary(node: RealNode): void {
    if (this.primary === node) this.primary = this.other(node)
  }

  /** Starts both and waits until they are in sync. */
  async start(): Promise<this> {
    for (const node of this.nodes) if (!node.running) node.start()
    await this.inSync()
    return this
  }

  supervise(): void {
    for (const node of this.nodes) node.supervise()
  }

  /** Resolves once both answer reads and writes are possible. */
  async inSync(): Promise<void> {
    await until("both nodes are in sync", async () => (await this.a.isReady()) && (await this.b.isReady()), () => this.printed)
  }

  get printed(): string {
    return `--- a\n${this.a.printed}\n--- b\n${this.b.printed}`
  }

  /** Stops both in order and removes their data. */
  async remove(): Promise<void> {
    await this.a.stop("SIGKILL")
    await this.b.stop("SIGKILL")
    await this.#proxy?.close()
    for (const line of this.#lines ?? []) await line.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Polls; gives up after two minutes, which no machine that works needs. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, explain: () => string = () => ""): Promise<void> {
  for (const end = performance.now() + 120_000; performance.now() < end; ) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`never came true: ${what}\n${explain()}`)
}

/** A first port for `tandem dev`: this one and those 1, 10 and 11 above are free. */
export async function freePairPorts(): Promise<number> {
  for (;;) {
    const first = nextPort(20)
    if ((await Promise.all([0, 1, 10, 11].map((more) => isFree(first + more)))).every(Boolean)) return first
  }
}

/** Ports that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = nextPort(1)
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

// Below the ports that systems give to outgoing connections: one of those could take a node's port while it restarts.
const portMin = 10_000
const portMax = 32_000
let port = portMin + Math.floor(Math.random() * (portMax - portMin))

/** None twice in one run; another run begins somewhere else. */
function nextPort(count: number): number {
  if (port + count > portMax) port = portMin
  port += count
  return port - count
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })
}
