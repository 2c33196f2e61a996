// Two networks of this machine's kernel, one for each node, with a link between them and one from each to the tests. The link is taken
// away, or the packets of one direction, and what the nodes notice of that is what their kernel tells them.
import { spawnSync } from "node:child_process"
import { ignoreProxies } from "../../src/runtime/environment.ts"
import type { Place } from "./real-node.ts"

/** What the nodes send, by who sends it: the primary at first, and the replica at first. */
export type Sender = "a" | "b"

/** Of the block that is for tests of networks. Each link is a network of four in it. */
function address(block: number, n: number): string {
  return `198.18.${block}.${n}`
}

let made = 0

export class TwoNetworks {
  readonly places: readonly [Place, Place]
  readonly #names: Readonly<Record<Sender, string>>
  readonly #linkOf: Readonly<Record<Sender, string>>

  constructor() {
    // No proxy knows of them.
    ignoreProxies()
    const id = `${process.pid}-${made++}`
    const block = freeBlock()
    this.#names = { a: `tandem-${id}-a`, b: `tandem-${id}-b` }
    this.#linkOf = { a: address(block, 9), b: address(block, 10) }
    const { a, b } = this.#names
    this.places = [
      { host: address(block, 2), peerHost: this.#linkOf.a, under: ["ip", "netns", "exec", a] },
      { host: address(block, 6), peerHost: this.#linkOf.b, under: ["ip", "netns", "exec", b] },
    ]
    try {
      this.#make(block, id)
    } catch (error) {
      this.remove()
      throw error
    }
  }

  #make(block: number, id: string): void {
    const { a, b } = this.#names
    ip("netns", "add", a)
    ip("netns", "add", b)
    ip("link", "add", "name", "between", "netns", a, "type", "veth", "peer", "name", "between", "netns", b)
    for (const [sender, clients] of [["a", 1], ["b", 5]] as const) {
      const name = this.#names[sender]
      // Gone with its other end.
      const here = `t${id}${sender}`
      ip("link", "add", "name", here, "type", "veth", "peer", "name", "clients", "netns", name)
      ip("address", "add", `${address(block, clients)}/30`, "dev", here)
      ip("link", "set", "dev", here, "up")
      ip("-n", name, "address", "add", `${address(block, clients + 1)}/30`, "dev", "clients")
      ip("-n", name, "address", "add", `${this.#linkOf[sender]}/30`, "dev", "between")
      for (const device of ["lo", "clients", "between"]) ip("-n", name, "link", "set", "dev", device, "up")
    }
  }

  /** Nothing passes between the nodes, and both kernels know. */
  cut(): void {
    ip("-n", this.#names.a, "link", "set", "dev", "between", "down")
  }

  mend(): void {
    ip("-n", this.#names.a, "link", "set", "dev", "between", "up")
  }

  /** What this node sends to the other one goes nowhere, acknowledgements of what comes in too; what the other one sends arrives. */
  silence(sender: Sender): void {
    ip("-n", this.#names[sender], "route", "add", "blackhole", this.#other(sender))
  }

  unsilence(sender: Sender): void {
    ip("-n", this.#names[sender], "route", "delete", "blackhole", this.#other(sender))
  }

  #other(sender: Sender): string {
    return this.#linkOf[sender === "a" ? "b" : "a"]
  }

  /** Once nothing runs there. */
  remove(): void {
    const there = ip("netns", "list").split("\n").map((line) => line.split(" ")[0])
    for (const name of Object.values(this.#names)) if (there.includes(name)) ip("netns", "delete", name)
  }
}

function ip(...parameters: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync("ip", parameters, { encoding: "utf8" })
  if (status !== 0) throw new Error(`ip ${parameters.join(" ")}: ${stderr ?? error?.message}`)
  return stdout
}

/** Nobody else on this machine has an address in it. */
function freeBlock(): number {
  const taken = ip("-4", "-oneline", "address", "show")
  for (let n = 0; n < 256; n++) {
    const block = (process.pid + made + n) % 256
    if (!taken.includes(` ${address(block, 1)}/`)) return block
  }
  throw new Error("every block of addresses for tests of networks is taken")
}

/** Only whoever may make networks can say so; where this is false, the tests that need them are left out and counted as such. */
export const mayMakeNetworks = triesToMakeSome()

function triesToMakeSome(): boolean {
  try {
    new TwoNetworks().remove()
    return true
  } catch {
    return false
  }
}
