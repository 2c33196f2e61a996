// Carries a rejoin out, on the store of a node that is stopped: asks the peer, compares both logs, keeps what has to go in a file,
// takes it back, and makes the node a replica. No decisions here.
//
// What a crash leaves behind, and running it again finishes:
//   1. The file of what goes is written. Before it is whole, nothing has changed.
//   2. A node that led alone does so no more.
//   3. That goes, newest first, in chunks. Still the primary of its epoch, the node is fenced by the other one, and waits without it.
//   4. The identity is stored, in one transaction: now it is a replica.
import type { Digest } from "../protocol/digest.ts"
import { anewHint, beginRejoin, compared, type Rejoin, type RejoinSide, type RejoinStep } from "../protocol/rejoin.ts"
import { failpoint } from "../runtime/failpoint.ts"
import type { Store } from "../store/store.ts"
import { StoreDamaged } from "../store/store-damaged.ts"
import { writeDiscarded } from "./discarded-file.ts"
import { type AskQuestion, PeerQuestions } from "./peer-questions.ts"
import { questioned } from "./questioned.ts"

export interface RejoinParts {
  readonly store: Store
  readonly dataDirectory: string
  readonly session: string
  readonly ask: AskQuestion
  readonly monotonicMs: () => number
  readonly discard: boolean
  readonly onProgress: (takenBack: number, total: number) => void
}

/** What was taken back, and where it is kept; or why there is nothing to do, or nothing may be done. */
export type Rejoined =
  | { readonly step: "rejoined"; readonly peer: RejoinSide; readonly common: number; readonly takenBack: number; readonly file: string | undefined }
  | Extract<RejoinStep, { readonly step: "done" | "refuse" }>

/** Rejects where the peer does not answer, or refuses to: then nothing has changed. */
export async function rejoin(parts: RejoinParts): Promise<Rejoined> {
  const from = questioned(parts.store, parts.session)
  const peer = new PeerQuestions(from, parts.ask, parts.monotonicMs)
  const { node, role, mode, epoch, position, logStart } = from
  const sides: Rejoin = { own: { node, role, mode, epoch, logStart, ...position }, peer: await peer.position(), discard: parts.discard }
  let step = beginRejoin(sides)
  while (step.step === "compare") {
    const { version, search } = step
    step = compared(sides, search, version, ownDigest(parts.store, version), await peer.digest(version))
  }
  return step.step === "take-back" ? carryOut(parts, sides.peer, step.common) : step
}

function ownDigest(store: Store, version: number): Digest {
  const digest = store.digest(version)
  if (digest === undefined) throw new StoreDamaged(`version ${version} is missing from the log`)
  return digest
}

async function carryOut({ store, dataDirectory, onProgress }: RejoinParts, peer: RejoinSide, common: number): Promise<Rejoined> {
  const { head } = store.position()
  const refusal = store.whyNoUndo(common)
  if (refusal !== undefined) return { step: "refuse", why: "foreign", detail: `retention took away what going back to version ${common} needs: this disk goes back to version ${refusal.oldestVersion} only`, hint: anewHint }
  const file = head > common ? keep(dataDirectory, store, common + 1) : undefined
  await endAlone(store)
  failpoint("rejoin.undo.before")
  await store.undoTo(common, (now) => {
    failpoint("rejoin.chunk.after")
    onProgress(head - now, head - common)
  })
  failpoint("rejoin.undo.after")
  await store.saveIdentity({ role: "replica", epoch: peer.epoch, mode: "paired", lacking: true })
  failpoint("rejoin.identify.after")
  return { step: "rejoined", peer, common, takenBack: head - common, file }
}

/** What it decided alone is stored as decided. From here on it neither reads nor writes without the other one, wherever it starts. */
async function endAlone(store: Store): Promise<void> {
  if (store.identity().role !== "primary" || store.identity().mode === "paired") return
  store.commit(store.position().head)
  await store.flush()
  await store.saveIdentity({ mode: "paired" })
}

function keep(dataDirectory: string, store: Store, from: number): string {
  failpoint("rejoin.file.before")
  const path = writeDiscarded(dataDirectory, store, from)
  failpoint("rejoin.file.after")
  return path
}
