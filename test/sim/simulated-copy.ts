// A whole copy of one node's data, given and fetched in a simulated run, as src/store/copy.ts makes and src/node/snapshot-fetch.ts fetches
// one: as of one version, with nothing in doubt; a piece at a time; and only all of it takes the place of what was there, at once.
import { questioned } from "../../src/node/questioned.ts"
import type { Epoch } from "../../src/protocol/epoch.ts"
import { questionEnvelope, whyUnasked } from "../../src/protocol/question.ts"
import { whyNotGiven } from "../../src/protocol/snapshot.ts"
import { nobody } from "../../src/store/store.ts"
import { TableStore } from "../../src/store/table-store.ts"
import { other } from "./disk.ts"
import type { MemoryEngine } from "./memory-engine.ts"
import { putInPlace } from "./replaced-disks.ts"
import type { SimulatedNode } from "./simulated-node.ts"

interface Copy {
  readonly engine: MemoryEngine
  /** Where it comes from: a node with another disk gives another one. */
  readonly of: MemoryEngine
}

/** As of what is committed; the disk may hold more, of which the copy's own is taken back. */
function copyOf({ store, world, name }: SimulatedNode): Copy {
  const of = world.disks[name].engine
  const engine = of.copy()
  const copied = new TableStore(engine, nobody)
  copied.commit(store.position().committed)
  void copied.flush()
  void copied.undo()
  return { engine, of }
}

export class SimulatedFetch {
  readonly #node: SimulatedNode
  readonly #cluster: string
  readonly #epoch: Epoch
  #copy: Copy | undefined
  #piecesLeft = 0

  constructor(node: SimulatedNode, { cluster, epoch }: { readonly cluster: string; readonly epoch: Epoch }) {
    this.#node = node
    this.#cluster = cluster
    this.#epoch = epoch
    this.#later()
  }

  #later(): void {
    const { world } = this.#node
    world.schedule.after(world.random.between(10, 200), () => this.#node.whenAwake(() => this.#next()))
  }

  #next(): void {
    const { world, name, replica } = this.#node
    // It is the primary by now: what it has stays in its place.
    if (replica === undefined) return
    const giver = world.nodes[other(name)]
    const answers = giver !== undefined && !giver.paused && !world.network.isCut(name) && !world.network.isCut(other(name)) && !world.random.chance(world.faults.weather.drop)
    if (answers) this.#ask(giver)
    if (this.#copy !== undefined && this.#piecesLeft === 0) this.#install(this.#copy)
    else this.#later()
  }

  #ask(giver: SimulatedNode): void {
    const { world, name, session } = this.#node
    const asked = questioned(giver.store, giver.session)
    const envelope = questionEnvelope({ node: name, cluster: this.#cluster, epoch: this.#epoch, session }, this.#node.nowMs)
    if (whyUnasked(asked, envelope) !== undefined || whyNotGiven(asked) !== undefined || giver.replica?.isFetching === true) return
    if (this.#copy !== undefined && this.#copy.of === world.disks[giver.name].engine) {
      this.#piecesLeft--
      return
    }
    this.#copy = copyOf(giver)
    this.#piecesLeft = world.random.between(1, 10)
    world.trace(() => `${name} begins to fetch a copy`)
  }

  /** In the copy this node's own identity is stored, then it takes the place of what was there, and the process starts anew on it. */
  #install({ engine }: Copy): void {
    const { world, name } = this.#node
    const copied = new TableStore(engine, nobody)
    if (copied.identity().clusterId !== this.#cluster) {
      this.#copy = undefined
      this.#later()
      return
    }
    void copied.saveIdentity({ role: "replica", mode: "paired", lacking: true, decisions: [], nodeId: name })
    putInPlace(world, name, engine)
  }
}
