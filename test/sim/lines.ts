// Which line of history each node follows, and where their logs may part from each other. An operator parts the lines, by promoting a node
// that may lack what the other one has; a rejoin brings them together again.
import type { Digest } from "../../src/protocol/digest.ts"
import type { Position } from "../../src/store/store.ts"
import { CheckFailed } from "./check-failed.ts"
import { type Disk, names, type NodeName, other } from "./disk.ts"
import { Line } from "./line.ts"

export class Lines {
  readonly #disks: { readonly [Name in NodeName]: Disk }
  /** One and the same, but for what an operator has parted. */
  readonly #lines: { [Name in NodeName]: Line }
  #main = new Line()
  /** Up to where the logs are the same, once an operator has parted the lines. */
  #partedAt: number | undefined
  /** Who is taking back what is above which version, by an operator's word. */
  #discarding: { readonly node: NodeName; readonly common: number } | undefined
  /** The highest version that each node ever committed in its line. */
  readonly reached: { [Name in NodeName]: number } = { a: 0, b: 0 }

  constructor(disks: { readonly [Name in NodeName]: Disk }) {
    this.#disks = disks
    this.#lines = { a: this.#main, b: this.#main }
  }

  /** The line that goes on. */
  get main(): Line {
    return this.#main
  }

  of(node: NodeName): Line {
    return this.#lines[node]
  }

  /** Whether both nodes follow one line, or will as soon as they talk. */
  get isOne(): boolean {
    return this.#lines.a === this.#lines.b
  }

  isOnMain(node: NodeName): boolean {
    return this.#lines[node] === this.#main
  }

  /** Whether what this node has by itself may go, by an operator's word; also where that has begun. */
  isLeftBehind(node: NodeName): boolean {
    return !this.isOnMain(node) || this.#discarding?.node === node
  }

  /** Whether a disk has everything that was ever committed, so that the other one may be lost. */
  hasAll(node: NodeName): boolean {
    const { committed } = this.#main
    const digest = committed.at(-1)
    return digest === undefined || this.#disks[node].holds(committed.length, digest)
  }

  /** Whether a log is part of what goes on, so that it may be put into a node. */
  isOfMain({ head, headDigest }: Position): boolean {
    return head === 0 || this.#main.isCommitted(head, headDigest)
  }

  /** By an operator's word a node leads that may lack what the other one has committed: from what it has, and nothing less, another line goes on. */
  part(node: NodeName): void {
    const from = this.#lines[node]
    let kept = from.committed.length
    while (kept > 0 && !this.#disks[node].holds(kept, from.committed[kept - 1] as Digest)) kept--
    this.#partedAt = this.lastCommon()
    this.#main = from.cutAt(kept)
    this.#lines[node] = this.#main
    this.reached[node] = Math.min(this.reached[node], kept)
  }

  /** By an operator's word what a node has committed goes as well: as much as the line that goes on has not, and no more. */
  discards(node: NodeName, common: number): void {
    const lastCommon = this.lastCommon()
    if (common !== lastCommon) throw new CheckFailed("I1", `${node} takes back what is above version ${common}, and both logs are the same up to ${lastCommon}`)
    this.#followMain(node, common)
    this.#discarding = { node, common }
  }

  /** It is the replica of the line that goes on. */
  rejoined(node: NodeName): void {
    if (this.#discarding?.node === node) this.#discarding = undefined
    // Nothing of its own had to go.
    if (!this.isOnMain(node)) this.#followMain(node, this.#disks[node].head())
  }

  /** Its disk is another one, which follows the line that goes on. */
  replaced(node: NodeName): void {
    if (this.#discarding?.node === node) this.#discarding = undefined
    if (!this.isOnMain(node)) this.#followMain(node, this.#partedAt ?? 0)
  }

  #followMain(node: NodeName, from: number): void {
    this.#lines[node] = this.#main
    this.#partedAt = undefined
    this.reached[node] = Math.min(this.reached[node], from)
  }

  /** The last version that both logs have; below the beginning of either nobody can tell any more. */
  lastCommon(): number {
    const { a, b } = this.#disks
    let version = Math.min(a.head(), b.head())
    for (let digest = a.digest(version); version > 0 && digest !== undefined && !b.holds(version, digest); digest = a.digest(version)) version--
    return version
  }

  /** Whether the logs part from each other, and may: above where an operator has parted them, or where a primary decided alone and the other log has a rest that nobody ever committed. */
  get arePartedRightly(): boolean {
    const { a, b } = this.#disks
    const common = this.lastCommon()
    if (common === Math.min(a.head(), b.head())) return false
    if (common >= Math.min(this.#partedAt ?? Number.POSITIVE_INFINITY, this.#discarding?.common ?? Number.POSITIVE_INFINITY)) return true
    return names.some((name) => {
      const [decided, rest] = [this.#disks[name].digest(common + 1), this.#disks[other(name)].digest(common + 1)]
      if (decided === undefined || rest === undefined) return false
      return this.#lines[name].isDecidedAlone(decided) && !this.#lines[other(name)].isCommitted(common + 1, rest)
    })
  }
}
