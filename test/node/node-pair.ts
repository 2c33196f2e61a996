// Two whole nodes in this process, over stores in memory, that talk to each other through a real listener. Their clock
// stands unless the test moves it.
import { createPeerApp } from "../../src/http/peer-app.ts"
import { DiskFloor } from "../../src/node/disk-floor.ts"
import { type NodeParts, TandemNode } from "../../src/node/node.ts"
import type { NodeSettings } from "../../src/node/settings.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"
import type { Role } from "../../src/store/store.ts"
import { until } from "../cluster/real-pair.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"
import { DrivenStore } from "./driven-pair.ts"
import { noSnapshots } from "./no-snapshots.ts"
import { secret } from "./peer-messages.ts"

/** Fewer than in a real pair, so that a test comes to one. */
export const checkpointEvery = 8

export const wallMs = Date.parse("2026-03-01T12:00:00.000Z")

export class NodePair {
  nowMs = 50_000
  wallMs = wallMs
  freeBytes = 1_000
  /** Neither node hears the other. */
  down = false
  readonly stuck: string[] = []
  readonly notices: string[] = []
  readonly fatals: unknown[] = []
  a: TandemNode
  b: TandemNode
  readonly #make: { readonly a: () => TandemNode; readonly b: () => TandemNode }
  readonly aStore: DrivenStore
  readonly bStore: DrivenStore
  #sessions = 0
  readonly #listeners: readonly ReturnType<typeof Bun.serve>[]

  constructor(settings: Partial<NodeSettings> = {}, log: readonly SealedRecord[] = []) {
    this.aStore = storeOf("a", "primary", log)
    this.bStore = storeOf("b", "replica", log)
    const listen = (node: () => TandemNode) =>
      Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch: (request) => (this.down ? new Response("down", { status: 503 }) : createPeerApp(node(), { secret, peerTimeoutMs: 30_000 }).fetch(request)),
      })
    const ofA = listen(() => this.a)
    const ofB = listen(() => this.b)
    this.#listeners = [ofA, ofB]
    const of = (nodeId: string, store: DrivenStore, peerPort: number | undefined): NodeParts => ({
      settings: settingsOf(nodeId, `http://127.0.0.1:${peerPort}`, settings),
      store,
      diskFloor: new DiskFloor({ node: nodeId, floorBytes: 100, checkMs: 1, freeBytes: () => this.freeBytes, monotonicMs: () => this.nowMs, notice: () => undefined }),
      rootKey: "tr_root",
      backups: { tick: () => undefined, status: null },
      shipper: undefined,
      newSession: () => `session-${++this.#sessions}-of-${nodeId}`,
      monotonicMs: () => this.nowMs,
      wallMs: () => this.wallMs,
      notice: (line) => this.notices.push(`${nodeId}: ${line}`),
      stop: (reason, detail) => this.fatals.push(`${reason}: ${detail}`),
      fatal: (error) => this.fatals.push(error),
      exitStuck: (reason) => this.stuck.push(reason),
      dataBytes: () => 4_096,
      snapshots: noSnapshots,
    })
    this.#make = { a: () => new TandemNode(of("a", this.aStore, ofB.port)), b: () => new TandemNode(of("b", this.bStore, ofA.port)) }
    this.a = this.#make.a()
    this.b = this.#make.b()
  }

  async start(): Promise<this> {
    this.a.start()
    this.b.start()
    await until("both are in sync", () => this.a.status().peer.inSync && this.b.status().peer.inSync)
    return this
  }

  /** Its process ends and starts anew on the same disk. */
  restart(name: "a" | "b"): void {
    this[name].stop()
    this[name] = this.#make[name]()
    this[name].start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.a.stop()
    this.b.stop()
    for (const listener of this.#listeners) await listener.stop(true)
  }
}

function storeOf(nodeId: string, role: Role, log: readonly SealedRecord[]): DrivenStore {
  const store = new DrivenStore(new MemoryEngine(), { clusterId: "cluster", nodeId, role, epoch: { number: 1, id: "first" } }, checkpointEvery)
  for (const record of log) {
    store.prepareNow({ records: [record], committed: record.version - 1 })
    store.commit(record.version)
  }
  return store
}

function settingsOf(nodeId: string, peerUrl: string, more: Partial<NodeSettings>): NodeSettings {
  return {
    nodeId,
    dataDirectory: "/nowhere",
    listen: { hostname: "127.0.0.1", port: 0 },
    peerListen: { hostname: "127.0.0.1", port: 0 },
    peerUrl,
    publicUrl: `http://${nodeId}.test`,
    backup: undefined,
    shipTo: undefined,
    role: undefined,
    join: false,
    secret,
    corsOrigins: [],
    whenStuck: "exit",
    forwardWrites: false,
    clientAddressHeader: undefined,
    staleReads: false,
    bodyBytesMax: 1_000_000,
    syncTimeoutMs: 30_000,
    leaseMs: 10_000,
    peerTimeoutMs: 5_000,
    watchdogMs: 20_000,
    diskFloorBytes: 100,
    retention: { keep: undefined, collections: new Map() },
    ...more,
  }
}
