// What readers see of a simulated pair: at random, and whenever something was decided.
import { names } from "./disk.ts"
import type { World } from "./world.ts"

/** Looks at random entities for each look at all indexes. */
const indexesEvery = 16

export class Looks {
  readonly #world: World
  #count = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Looks at random entities as of random committed versions, on both nodes, and at what a reader would get now. */
  look(): void {
    const { random, clients } = this.#world
    const { past } = this.#world.checkers
    this.#count++
    this.lookAtOnce()
    clients.forgetBelow(this.#world.horizon)
    for (const name of names) {
      const node = this.#world.nodes[name]
      if (node === undefined || node.paused) continue
      const { store } = node
      const { committed } = store.position()
      const { oldest } = store.horizon()
      for (const at of [Math.max(oldest, random.between(0, committed)), committed]) {
        past.read(name, store, "things", `d${random.between(0, 4)}`, at)
        past.read(name, store, "users", `u${random.between(0, 9)}`, at)
        if (this.#count % indexesEvery === 0) past.readIndexes(name, store, "things", at)
        if (random.chance(0.3)) past.readByEmail(name, store, `e${random.between(0, 5)}@x`, at)
      }
      if (random.chance(0.1)) past.readPage(name, store, random.pick(["things", "users"]), Math.max(oldest, random.between(0, committed)))
      if (random.chance(0.1)) past.readHistory(name, store, "things", `d${random.between(0, 4)}`, committed)
      if (node.reads() === "newest") clients.lookUp(name, store, committed)
    }
  }

  /** Whether both nodes show what they must, and nothing else. */
  lookAtOnce(): void {
    for (const name of names) {
      const node = this.#world.nodes[name]
      if (node !== undefined && !node.paused) this.#world.checkers.shows(name, node.store.position().committed, node.reads(), node.primary !== undefined)
    }
  }
}
