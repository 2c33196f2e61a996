// The operator of a simulated pair: decides who leads, now and then at will, and where it is needed; runs rejoin where a node was
// fenced. It knows what the runbook asks people to know: which disks went backwards, and whether the other machine is gone.
import type { Decision } from "../../src/protocol/reign.ts"
import { CheckFailed } from "./check-failed.ts"
import { names, type NodeName, other } from "./disk.ts"
import type { Decisions } from "./faults.ts"
import type { SimulatedNode } from "./simulated-node.ts"
import { rejoin } from "./simulated-rejoin.ts"
import type { World } from "./world.ts"

/** After that a disk has stored a decision. */
const decisionMs = 50

export class Operator {
  readonly #world: World
  #decidesFromMs = 0

  constructor(world: World) {
    this.#world = world
  }

  /** A step of a run in which anything may happen. */
  act(decisions: Decisions): void {
    const { random, nodes } = this.#world
    for (const name of names) if (this.#waitsForRejoin(name) && random.chance(decisions.rejoin)) this.#putRight(name, random.chance(0.3))
    const node = nodes[random.pick(names)]
    if (node === undefined || node.paused) return
    if (random.chance(decisions.handover)) this.#handOver(node)
    // Mostly where it hurts.
    const hurts = names.some((name) => nodes[name]?.replica?.lacking === true) ? 20 : 1
    if (random.chance(hurts * decisions.depose)) this.#depose()
    if (random.chance(decisions.promote)) this.#promote(node, { solo: decisions.solo > 0 && random.chance(0.5), force: random.chance(decisions.force) })
    if (random.chance(decisions.lead)) this.#lead()
    if (random.chance(decisions.solo)) this.#solo(node)
    if (random.chance(decisions.pair)) this.#pair(node)
  }

  /** Nothing fails any more: whatever needs a decision gets it. */
  restoreOrder(): void {
    this.#lead()
    for (const name of names) if (this.#waitsForRejoin(name)) this.#putRight(name, true)
  }

  #isFenced(name: NodeName): boolean {
    return this.#world.stops[name]?.startsWith("fenced: ") === true
  }

  /** It was promoted over, or its log has parted from the other one's, and that has said so too: nobody is as quick as a message. */
  #waitsForRejoin(name: NodeName): boolean {
    const { stops, nodes } = this.#world
    return this.#isFenced(name) || (stops[name]?.startsWith("diverged: ") === true && nodes[other(name)]?.primary?.parting !== true)
  }

  #decision(what: Decision["what"], forced: boolean): Decision {
    return { what, by: "operator", reason: "simulated", forced }
  }

  #next(node: SimulatedNode): { readonly number: number; readonly id: string } {
    return { number: node.store.identity().epoch.number + 1, id: this.#world.drawSession(`epoch of ${node.name}`) }
  }

  #handOver(node: SimulatedNode): void {
    if (node.primary === undefined) return
    const epoch = this.#next(node)
    const why = node.primary.handOver(epoch, this.#decision("handover", false))
    this.#world.trace(() => `${node.name} is asked to hand over: ${why ?? "done"}`)
    if (why === undefined) this.#world.counts.handovers++
  }

  /** One of the two is away for long enough that people may want the other one to go on without it. It goes on where it is only cut off: what it says to its readers must stay true. */
  #depose(): void {
    const { nodes, random, network } = this.#world
    const name = names.find((each) => nodes[each]?.primary !== undefined)
    if (name === undefined) return
    const forMs = random.between(1_000, 12_000)
    if (random.chance(0.5)) this.#world.pause(random.chance(0.7) ? name : other(name), forMs)
    else for (const to of random.pick([[name], [other(name)], names])) network.cut(to, forMs)
  }

  #promote(node: SimulatedNode, { solo, force }: { readonly solo: boolean; readonly force: boolean }): void {
    const { name, replica } = node
    const { counts, disks, checkers, partings, regressed, unaware } = this.#world
    if (replica === undefined || regressed[name] || this.#isDeciding) return
    // Where the other one may lead it has what this node lacks for certain only where it says so, or where it was made solo without its knowledge.
    const mayPart = unaware[name] || (force && replica.whyNoPromotion(false) !== undefined)
    if (unaware[name] && !force) return
    const parts = mayPart && disks[other(name)].identity()?.role === "primary"
    if (mayPart && !(parts ? checkers.lines.isOne : checkers.lines.hasAll(name))) return
    const epoch = this.#next(node)
    // Before it is asked, since the disk may be quick; what is refused parts nothing.
    if (replica.whyNoPromotion(force) === undefined) partings[name] = parts ? epoch.id : undefined
    const why = replica.promote(epoch, solo ? "solo" : "alone", this.#decision(solo ? "promote-solo" : "promote", force))
    this.#world.trace(() => `${name} is asked to be promoted${force ? " by force" : ""}${solo ? ", solo" : ""}: ${why ?? "done"}`)
    if (why !== undefined) return
    counts.promotions++
    this.#decided()
  }

  /** One person decides, and sees what came of it first. */
  get #isDeciding(): boolean {
    return this.#world.schedule.nowMs < this.#decidesFromMs
  }

  #decided(): void {
    this.#decidesFromMs = this.#world.schedule.nowMs + decisionMs
  }

  /** Of a node that is the newest to lead, as far as anybody can know, and has what it should have. */
  #solo(node: SimulatedNode): void {
    const { newestEpoch, regressed } = this.#world
    if (node.primary === undefined || regressed[node.name] || node.primary.epoch.number < newestEpoch || this.#isDeciding) return
    const why = node.primary.setMode("solo", this.#decision("solo", false))
    if (why === undefined) this.#decided()
    this.#world.trace(() => `${node.name} is asked to be solo: ${why ?? "done"}`)
  }

  #pair(node: SimulatedNode): void {
    if (node.primary === undefined) return
    const why = node.primary.setMode("alone", this.#decision("paired", false))
    this.#world.trace(() => `${node.name} is asked to be solo no more: ${why ?? "done"}`)
  }

  /** Where no node leads, or only one whose disk is of an earlier reign, the one that has everything is promoted; by force where it does not know that it has. */
  #lead(): void {
    const { disks, nodes, checkers, regressed, unaware } = this.#world
    if (names.some((name) => disks[name].identity()?.role === "primary" && !this.#isFenced(name))) return
    for (const name of names) {
      const node = nodes[name]
      if (node === undefined || node.fresh || regressed[name] || !checkers.lines.hasAll(name)) continue
      this.#promote(node, { solo: false, force: node.replica?.lacking === true || unaware[name] })
      return
    }
  }

  /** Who leads is started again, and the other one follows; what it has committed by itself goes only where an operator has parted the two. */
  #putRight(name: NodeName, discard: boolean): void {
    const { disks } = this.#world
    if (!this.#isFenced(name) && disks[name].identity()?.role === "primary") this.#startAgain(name)
    else this.#rejoin(name, discard)
  }

  #startAgain(name: NodeName): void {
    this.#world.stops[name] = undefined
    this.#world.start(name)
  }

  #rejoin(name: NodeName, mayDiscard: boolean): void {
    const world = this.#world
    const parted = world.checkers.lines.isLeftBehind(name)
    const discard = mayDiscard && parted
    const rejoined = rejoin(world, name, discard)
    world.trace(() => `rejoin at ${name}${discard ? ", discarding" : ""}: ${rejoined}`)
    switch (rejoined) {
      case "no-answer":
      case "crashed":
        return
      case "not-due":
      case "rejoined":
        world.counts.rejoins++
        if (discard) world.counts.discards++
        this.#startAgain(name)
        return
      default:
        if (rejoined.startsWith("would-discard: ") && parted) return
        throw new CheckFailed("P2", `rejoin at ${name} would lose something: ${rejoined}`)
    }
  }
}
