// Puts the other node's data in the place of a stopped node's, whose own is damaged: asks where the other log stands, has it decided
// whether that may be done, and fetches a whole copy as a replica does that needs one. Before the copy is there, checked and durable, the
// damaged data stays as it is; then it is kept beside it, until the pair is in sync.
import { bounds } from "../bounds.ts"
import type { Digest } from "../protocol/digest.ts"
import type { Epoch } from "../protocol/epoch.ts"
import type { Envelope, SnapshotRequest } from "../protocol/messages.ts"
import type { Question } from "../protocol/question.ts"
import { beginRepair, comparedForRepair, type DamagedSide, type RepairStep } from "../protocol/repair.ts"
import { openEnvironment } from "../store/environment.ts"
import { HardState } from "../store/hard-state.ts"
import { Log } from "../store/log.ts"
import type { Identity, Position } from "../store/store.ts"
import { StoreDamaged } from "../store/store-damaged.ts"
import { PeerQuestions, type PeerSide } from "./peer-questions.ts"
import type { DecodedAnswer } from "./peer-wire.ts"
import { type FetchProgress, SnapshotFetch, type SnapshotFetchParts } from "./snapshot-fetch.ts"

export interface RepairParts extends Omit<SnapshotFetchParts, "ask" | "cluster" | "epoch" | "identity"> {
  readonly ask: (envelope: Envelope, request: Question | SnapshotRequest) => Promise<DecodedAnswer>
  readonly onProgress: (progress: FetchProgress) => void
}

export type Repaired =
  | { readonly step: "repaired"; readonly peer: PeerSide; readonly version: number; readonly role: "primary" | "replica" }
  | Extract<RepairStep, { readonly step: "refuse" }>

/** Nobody may have the data open. Rejects with FetchFailed, PeerRefused, StoreDamaged and what `ask` rejects with: then nothing has changed. */
export async function repair(parts: RepairParts): Promise<Repaired> {
  const { own, cluster, identity } = await readDamaged(parts.dataDirectory)
  const questions = new PeerQuestions({ node: parts.nodeId, cluster, epoch: own.epoch, session: parts.session }, parts.ask, parts.monotonicMs)
  const peer = await questions.position()
  let step = beginRepair(own, peer)
  if (step.step === "compare") step = comparedForRepair(own, peer, await questions.digest(step.version))
  switch (step.step) {
    case "refuse":
      return step
    case "fetch":
      return { step: "repaired", peer, version: await fetchWhole(parts, cluster, peer.epoch, kept(step.role, identity)), role: step.role }
    case "compare":
      throw new Error("what was compared is to be compared again")
    default:
      return step satisfies never
  }
}

/** What this node is with the copy. */
function kept(role: "primary" | "replica", { decisions, lacking }: Identity): Partial<Identity> {
  // A primary that does not know what came of its hand-over does not know it afterwards either.
  return role === "primary" ? { role, mode: "paired", lacking, decisions } : { role, mode: "paired", lacking: true, decisions: [] }
}

async function fetchWhole(parts: RepairParts, cluster: string, epoch: Epoch, identity: Partial<Identity>): Promise<number> {
  const fetch = new SnapshotFetch({ ...parts, cluster, epoch, identity })
  const timer = setInterval(() => parts.onProgress(fetch.progress), bounds.tickMs)
  try {
    return await fetch.run()
  } finally {
    clearInterval(timer)
  }
}

interface Read {
  readonly own: DamagedSide
  readonly cluster: string
  readonly identity: Identity
}

/** What can still be read of it. Throws StoreDamaged where it does not say any more whose it is. */
async function readDamaged(dataDirectory: string): Promise<Read> {
  const engine = openEnvironment(dataDirectory)
  try {
    const { hard_state, log, keys } = engine.tables
    const hardState = new HardState(hard_state)
    const identity = hardState.identity()
    if (identity?.clusterId === undefined) throw new StoreDamaged("this disk does not say any more to which pair it belongs")
    const position = undamaged(() => hardState.position())
    const { role, mode, epoch, clusterId } = identity
    const digest = position === undefined ? undefined : undamaged(() => digestAt(new Log(log, keys), position))
    return { own: { role, mode, epoch, committed: position?.committed, digest }, cluster: clusterId, identity }
  } finally {
    await engine.close()
  }
}

function digestAt(log: Log, { head, headDigest, committed }: Position): Digest | undefined {
  return committed === head ? headDigest : log.record(committed)?.digest
}

function undamaged<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof StoreDamaged) return undefined
    throw error
  }
}
