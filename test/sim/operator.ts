// The operator of a simulated pair: decides who leads, now and then at will, and where it is needed; runs rejoin where a node was
// fenced. It knows what the runbook asks people to know: which disks went backwards, and whether the other machine is gone.
import type { Decision } from "../../src/protocol/reign.ts"
import { CheckFailed } from "./check-failed.ts"
import { names, type NodeName, other } from "./disk.ts"
import type { Decisions } from "./faults.ts"
import type { SimulatedNode } from "./simulated-node.ts"
import { rejoin } from "./simulated-rejoin.ts"
import type { World } from "./world.ts"

export class Operator {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** A step of a run in which anything may happen. */
  act(decisions: Decisions): void {
    const { random, nodes } = this.#world
    for (const name of names) if (this.#isFenced(name) && random.chance(decisions.rejoin)) this.#rejoin(name)
    const node = nodes[random.pick(names)]
    if (node === undefined || node.paused) return
    if (random.chance(decisions.handover)) this.#handOver(node)
    if (random.chance(decisions.depose)) this.#depose()
    if (random.chance(decisions.promote)) this.#promote(node, false)
    if (random.chance(decisions.lead)) this.#lead()
  }

  /** Nothing fails any more: whatever needs a decision gets it. */
  restoreOrder(): void {
    this.#lead()
    for (const name of names) if (this.#isFenced(name)) this.#rejoin(name)
  }

  #isFenced(name: NodeName): boolean {
    return this.#world.stops[name]?.startsWith("fenced: ") === true
  }

  #decision(what: Decision["what"], forced: boolean): Decision {
    return { what, by: "operator", reason: "simulated", forced }
  }

  #next(node: SimulatedNode): { readonly number: number; readonly id: string } {
    return { number: node.store.identity().epoch.number + 1, id: this.#world.drawSession(`epoch of ${node.name}`) }
  }

  #handOver(node: SimulatedNode): void {
    if (node.primary === undefined) return
    const why = node.primary.handOver(this.#next(node), this.#decision("handover", false))
    this.#world.trace(() => `${node.name} is asked to hand over: ${why ?? "done"}`)
    if (why === undefined) this.#world.counts.handovers++
  }

  /** It goes on where it is only cut off: what it says to its readers must stay true. */
  #depose(): void {
    const { nodes, random, network } = this.#world
    const name = names.find((each) => nodes[each]?.primary !== undefined)
    if (name === undefined) return
    const forMs = random.between(1_000, 12_000)
    if (random.chance(0.5)) this.#world.pause(name, forMs)
    else for (const to of random.pick([[name], [other(name)], names])) network.cut(to, forMs)
  }

  #promote(node: SimulatedNode, forced: boolean): void {
    if (node.replica === undefined || this.#world.regressed[node.name]) return
    const why = node.replica.promote(this.#next(node), "alone", this.#decision("promote", forced))
    this.#world.trace(() => `${node.name} is asked to be promoted${forced ? " by force" : ""}: ${why ?? "done"}`)
    if (why === undefined) this.#world.counts.promotions++
  }

  /** Where no node leads, or only one whose disk is of an earlier reign, the one that has everything is promoted; by force where it does not know that it has. */
  #lead(): void {
    const { disks, nodes, checkers, regressed } = this.#world
    if (names.some((name) => disks[name].identity()?.role === "primary" && !this.#isFenced(name))) return
    for (const name of names) {
      const node = nodes[name]
      if (node === undefined || node.fresh || regressed[name] || !checkers.hasAll(name)) continue
      this.#promote(node, node.replica?.lacking === true)
      return
    }
  }

  #rejoin(name: NodeName): void {
    const world = this.#world
    const rejoined = rejoin(world, name)
    world.trace(() => `rejoin at ${name}: ${rejoined}`)
    switch (rejoined) {
      case "no-answer":
      case "crashed":
        return
      case "not-due":
      case "rejoined":
        world.counts.rejoins++
        world.stops[name] = undefined
        world.start(name)
        return
      default:
        throw new CheckFailed("P2", `rejoin at ${name} would lose something: ${rejoined}`)
    }
  }
}
