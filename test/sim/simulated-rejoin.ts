// `tandem rejoin` at a simulated node that is stopped, as src/node/rejoin.ts runs it. It may crash between any two of its steps.
import { questioned } from "../../src/node/questioned.ts"
import { answerQuestion, type Question, questionEnvelope } from "../../src/protocol/question.ts"
import { beginRejoin, compared, type RejoinSide } from "../../src/protocol/rejoin.ts"
import type { Answer } from "../../src/protocol/messages.ts"
import { CheckFailed } from "./check-failed.ts"
import { type NodeName, other } from "./disk.ts"
import type { World } from "./world.ts"

/** What came of it; anything else is why it refused. */
export type Rejoined = "rejoined" | "not-due" | "no-answer" | "crashed" | string

export function rejoin(world: World, name: NodeName, discard: boolean): Rejoined {
  const { random, schedule, checkers, faults } = world
  const peer = world.nodes[other(name)]
  if (peer === undefined || peer.paused || random.chance(faults.weather.drop)) return "no-answer"
  const store = world.openStopped(name)
  const own = questioned(store, world.drawSession(name))
  const asked = questioned(peer.store, peer.session)
  const ask = (question: Question): Answer => answerQuestion(asked, questionEnvelope(own, schedule.nowMs), question).answer
  const position = ask({ kind: "position" })
  // The other machine's disk is new: there is nobody to follow any more.
  if (asked.cluster === null) return "not-due"
  if (position.kind !== "position") return position.kind === "refused" ? position.code : position.kind
  const ownSide: RejoinSide = { ...own, ...own.position }
  const sides = { own: ownSide, peer: { ...position, node: asked.node, epoch: asked.epoch }, discard }
  let step = beginRejoin(sides)
  while (step.step === "compare") {
    const digest = ask({ kind: "digest", version: step.version })
    const ownDigest = store.digest(step.version)
    if (digest.kind !== "digest" || ownDigest === undefined) throw new CheckFailed("P2", `version ${step.version} is not there to compare`)
    step = compared(sides, step.search, step.version, ownDigest, digest.digest)
  }
  if (step.step === "refuse") return step.why === "not-due" ? "not-due" : `${step.why}: ${step.detail}`
  if (step.step === "done") return "not-due"
  const crashes = (): boolean => random.chance(faults.crash)
  if (own.role === "primary" && own.mode !== "paired") {
    store.commit(store.position().head)
    void store.flush()
    if (crashes()) return "crashed"
    void store.saveIdentity({ mode: "paired" })
    if (crashes()) return "crashed"
  }
  if (discard) checkers.lines.discards(name, step.common)
  else checkers.takesBack(name, step.common)
  for (let more = store.position().head > step.common; more; ) {
    more = store.undoNow(step.common, random.between(1, 20))
    checkers.tookBack(name)
    if (crashes()) return "crashed"
  }
  void store.saveIdentity({ role: "replica", epoch: sides.peer.epoch, mode: "paired", lacking: true })
  checkers.lines.rejoined(name)
  return crashes() ? "crashed" : "rejoined"
}
