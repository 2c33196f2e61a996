// Random schedules of a primary that stays up although it is stuck: messages lost, repeated, reordered and very late, disks
// slow or full, either node restarted at any moment. Whatever happens, what clients were told is true.
import { expect, test } from "bun:test"
import type { Effect } from "../../src/protocol/effect.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"
import { acceptsBatch } from "../../src/protocol/coordinator-state.ts"
import { Random } from "../sim/random.ts"
import { type Message, Pair } from "./pair.ts"

/** What clients heard, by digest of their record. */
class Clients {
  readonly acknowledged = new Map<number, string>()
  readonly rejected = new Set<string>()
  #proposed: readonly SealedRecord[] = []
  #waiting: SealedRecord[] = []

  proposed(records: readonly SealedRecord[]): void {
    this.#proposed = records
  }

  heard(effect: Effect): void {
    switch (effect.effect) {
      case "decided":
        this.#waiting.push(...this.#proposed)
        this.#proposed = []
        return
      case "acknowledge":
        for (const { version, digest } of this.#waiting) if (version <= effect.version) this.acknowledged.set(version, hex(digest))
        this.#waiting = this.#waiting.filter(({ version }) => version > effect.version)
        return
      case "reject":
        for (const { digest } of this.#proposed) this.rejected.add(hex(digest))
        this.#proposed = []
        return
      case "stuck":
        this.forget()
        return
      default:
        return
    }
  }

  /** Their outcome is unknown to them from now on. */
  forget(): void {
    this.#proposed = []
    this.#waiting = []
  }
}

function hex(digest: Uint8Array): string {
  return Buffer.from(digest).toString("hex")
}

function check(pair: Pair, clients: Clients): void {
  const logs = [pair.disks.a.records, pair.disks.b.records].map((records) => records.map(({ digest }) => hex(digest)))
  for (const log of logs) for (const digest of log) if (clients.rejected.has(digest)) throw new Error("I10: a disk holds what was definitely not committed")
  for (const [version, digest] of clients.acknowledged) {
    for (const log of logs) if (log[version - 1] !== digest) throw new Error(`I3: version ${version} was acknowledged, and a disk has something else`)
  }
  const [a = [], b = []] = logs
  const shared = Math.min(pair.a.committed, pair.b.committed)
  for (let at = 0; at < shared; at++) if (a[at] !== b[at]) throw new Error(`I1: version ${at + 1} is committed on both nodes, and different`)
}

function schedule(seed: number): { readonly acknowledged: number; readonly rejected: number; readonly stuck: number } {
  const random = new Random(seed)
  const pair = Pair.inSync(2)
  const clients = new Clients()
  const late: Message[] = []
  const full = random.pick([0, 0.1, 0.4])
  let words = 0
  let stuck = 0
  pair.perMessage = random.between(1, 3)
  pair.watch = (node, effect) => {
    if (effect.effect === "stop") throw new Error(`${node} stops: ${effect.detail}`)
    if (effect.effect === "stuck") stuck++
    if (effect.effect === "save" && random.chance(full)) pair.refuseNextSave(node)
    if (node === "a") clients.heard(effect)
  }
  const steps: (() => void)[] = [
    () => {
      if (!acceptsBatch(pair.a)) return
      const batch = Array.from({ length: random.between(1, 2) }, () => `w${++words}`)
      pair.propose(...batch)
    },
    () => pair.tick(random.pick([50, 100, 1_000, 3_000])),
    () => pair.tick(100),
    () => pair.finishReads(),
    () => pair.finishReads(),
    () => pair.diskWork("a") > 0 && pair.disk("a"),
    () => pair.diskWork("b") > 0 && pair.disk("b"),
    () => deliverOne(),
    () => deliverOne(),
    () => deliverOne(),
    () => {
      const [message] = pair.messages.splice(random.between(0, pair.messages.length), 1)
      if (message === undefined) return
      if (random.chance(0.5)) late.push(message)
      pair.coordinate({ event: "lost", kind: message.of })
    },
    () => late.length > 0 && random.pick(late).deliver(),
    () => pair.a.phase.name === "stuck" && pair.retry(),
    () => {
      if (!random.chance(0.08)) return
      if (random.chance(0.5)) pair.restart("b")
      else {
        clients.forget()
        pair.restart("a")
      }
    },
  ]
  function deliverOne(): void {
    if (pair.messages.length === 0) return
    const at = random.chance(0.7) ? 0 : random.between(0, pair.messages.length - 1)
    const message = pair.messages[at] as Message
    if (random.chance(0.1)) late.push(message)
    if (!random.chance(0.1)) pair.messages.splice(at, 1)
    message.deliver()
  }
  pair.onPropose = (records) => clients.proposed(records)
  for (let n = 0; n < 300; n++) {
    random.pick(steps)()
    check(pair, clients)
  }
  pair.watch = (_, effect) => {
    if (effect.effect === "stop") throw new Error(`stops: ${effect.detail}`)
  }
  heal(pair)
  for (const message of late) message.deliver()
  pair.run()
  heal(pair)
  check(pair, clients)
  expect(pair.disks.a.records.map(({ digest }) => hex(digest))).toEqual(pair.disks.b.records.map(({ digest }) => hex(digest)))
  return { acknowledged: clients.acknowledged.size, rejected: clients.rejected.size, stuck }
}

/** No more faults: the pair must come together. */
function heal(pair: Pair): void {
  pair.refuseNoSave()
  for (let tries = 0; tries < 200; tries++) {
    pair.run()
    if (pair.a.phase.name === "stuck") pair.retry()
    pair.tick(1_000)
    pair.run()
    if (pair.a.phase.name === "steady" && pair.a.round === null && pair.a.unconfirmed.length === 0) return
    for (const kind of ["hello", "prepare", "commit", "rollback", "records", "digest", "heartbeat"] as const) pair.coordinate({ event: "lost", kind })
  }
  throw new Error(`does not come together: ${JSON.stringify(pair.a.phase)}`)
}

test("whatever happens, what clients were told is true, and the pair comes together again (I1, I3, I4, I10)", () => {
  const seen = { acknowledged: 0, rejected: 0, stuck: 0 }
  for (let seed = 1; seed <= 1_500; seed++) {
    try {
      const { acknowledged, rejected, stuck } = schedule(seed)
      seen.acknowledged += acknowledged
      seen.rejected += rejected
      seen.stuck += stuck
    } catch (error) {
      throw new Error(`schedule ${seed} failed`, { cause: error })
    }
  }
  // The schedules are about these.
  expect(seen.acknowledged).toBeGreaterThan(1_000)
  expect(seen.rejected).toBeGreaterThan(100)
  expect(seen.stuck).toBeGreaterThan(100)
})
