// A target for segments in memory, which can be told to fail.
import type { ShipTarget } from "../../src/node/ship-target.ts"

export class MemoryTarget implements ShipTarget {
  readonly shown = "the target"
  readonly segments = new Map<string, Uint8Array>()
  /** What it answers instead, while that is set. */
  failing: Error | undefined

  async list(prefix: string): Promise<readonly string[]> {
    this.#check()
    return [...this.segments.keys()].filter((name) => name.startsWith(prefix))
  }

  async read(name: string): Promise<Uint8Array> {
    this.#check()
    const bytes = this.segments.get(name)
    if (bytes === undefined) throw new Error(`there is no ${name}`)
    return bytes
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    this.#check()
    this.segments.set(name, Uint8Array.from(bytes))
  }

  get names(): readonly string[] {
    return [...this.segments.keys()].sort()
  }

  #check(): void {
    if (this.failing !== undefined) throw this.failing
  }
}
