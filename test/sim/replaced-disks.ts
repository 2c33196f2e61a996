// Other disks in the nodes of a simulated pair: an empty one, a backup, a whole copy of the other node's data, or another history.
import { TableStore } from "../../src/store/table-store.ts"
import { Clients } from "./clients.ts"
import { identityOf, names, type NodeName, other, positionOf } from "./disk.ts"
import type { MemoryEngine } from "./memory-engine.ts"
import { checkpointEvery, firstEpoch, type World } from "./world.ts"

/** Only what is decided: a batch that is in doubt in a backup may have been taken back since. */
export function backUp(world: World, name: NodeName): MemoryEngine | undefined {
  const node = world.nodes[name]
  const position = node?.store.position()
  if (node?.writing !== undefined || position === undefined || position.head !== position.committed) return undefined
  // A primary that is alone reads from its disk without asking anybody: an old copy of that is nothing to start from.
  return node === undefined || node.fresh || !world.checkers.lines.isOnMain(name) || node.store.identity().mode !== "paired" ? undefined : world.disks[name].engine.copy()
}

/** One machine loses its disk while the other's is whole, and comes back with an empty one, or with a backup. */
export function loseDisk(world: World, name: NodeName, backup: MemoryEngine | undefined): void {
  const { checkers } = world
  if (!checkers.lines.hasAll(other(name)) || world.regressed[other(name)] || world.disks[other(name)].identity()?.clusterId === undefined) return
  // Of two that lead, by an operator's word, only the one may be lost that was promoted over; and nothing is built on what only that one has.
  if (!checkers.lines.isOne && checkers.lines.isOnMain(name)) return
  if (backup !== undefined && !(checkers.lines.isOfMain(positionOf(backup)) && mayGoOnFrom(world, name, backup))) return
  // What it was writing is lost as well.
  world.crash(name, "lost")
  world.trace(() => `${name} gets ${backup === undefined ? "an empty disk" : "a backup"}`)
  world.counts.disksLost++
  world.disks[name].replace(backup)
  checkers.lines.replaced(name)
  // Whoever is being promoted over it goes on with all that there is.
  world.partings[other(name)] = undefined
  // An operator may forget --join; the node then stops, and is told.
  if (backup === undefined) world.joining[name] = world.random.chance(0.7)
  world.regressed[name] = backup !== undefined
  if (world.stops[name] === undefined) return
  // What it stopped for was the disk's that is gone.
  world.stops[name] = undefined
  world.start(name)
}

/** A primary needs what lies between its log and the other one's, and what is trimmed there is gone; a replica gets a copy. */
function mayGoOnFrom(world: World, name: NodeName, backup: MemoryEngine): boolean {
  const leads = [world.disks[name].identity(), identityOf(backup)].some((identity) => identity?.role === "primary")
  return !leads || positionOf(backup).head + 1 >= world.disks[other(name)].horizon()
}

/** A whole copy of the other node's data takes the place of what was there; the process ends with that. */
export function putInPlace(world: World, name: NodeName, copy: MemoryEngine): void {
  world.trace(() => `${name} has a copy of version ${positionOf(copy).head}`)
  world.counts.copies++
  world.crash(name, "lost")
  world.disks[name].replace(copy)
  world.checkers.copied(name, positionOf(copy))
  // It has stored that it may lack writes.
  world.unaware[name] = false
}

/** Puts a disk into a node that goes on from a backup with another history; nothing may be built on it. */
export function fork(world: World, name: NodeName, backup: MemoryEngine): boolean {
  for (const each of names) world.crash(each)
  const engine = backup.copy()
  const store = new TableStore(engine, { clusterId: "cluster", nodeId: name, role: "primary", epoch: firstEpoch }, checkpointEvery)
  const { head } = store.position()
  if (world.disks[other(name)].head() <= head) return false
  store.commit(head)
  const strangers = new Clients(world.random, world.checkers)
  for (let n = world.random.between(1, 4); n > 0; n--) {
    const [record] = strangers.recordsOf(store, [{ op: "user.create", data: { id: `strange-${n}`, email: `strange-${n}@x` } }], world.wallMs)
    if (record === undefined) throw new Error("a stranger's transaction was refused")
    store.prepareNow({ records: [record], committed: store.position().head })
    store.commit(store.position().head)
  }
  world.trace(() => `${name} continues another history after version ${head}`)
  world.disks[name].replace(engine)
  world.forkedAt = head
  world.checkers.forked(head)
  return true
}
