// Effects of both sides as short lines of text: a→b is a request, a←b its answer, the rest happens on one node.
import type { Effect, IdentityChange } from "../../src/protocol/effect.ts"
import type { Answer, Request } from "../../src/protocol/messages.ts"
import type { SealedRecord } from "../../src/protocol/record.ts"

export function requestText(request: Request): string {
  switch (request.kind) {
    case "hello":
      return `hello${request.open ? ", open" : ""}: head ${request.head}, committed ${request.committed}`
    case "prepare":
      return `prepare ${span(request.records)}, round ${request.round}, committed ${request.committed}`
    case "commit":
      return `commit ${request.version}${request.inSync ? ", in sync" : ""}`
    case "rollback":
      return `rollback from ${request.first}, round ${request.round}`
    case "records":
      return `records from ${request.from}`
    case "digest":
      return `digest of ${request.version}`
    case "heartbeat":
      return "heartbeat"
    case "handover":
      return `handover at ${request.version}, epoch ${request.epoch.number}`
    case "diverged":
      return `diverged at ${request.version}`
    default:
      return request satisfies never
  }
}

export function answerText(answer: Answer): string {
  switch (answer.kind) {
    case "hello":
      return `hello${answer.opened ? ", opened" : ""}: head ${answer.head}, committed ${answer.committed}${answer.fresh ? ", fresh" : ""}`
    case "vote":
      return `round ${answer.round} ${answer.vote.prepared ? "prepared" : `refused, ${answer.vote.code}: ${answer.vote.detail}`}; committed ${answer.committed}`
    case "committed":
      return `committed ${answer.committed}`
    case "rolled-back":
      return `round ${answer.round} rolled back`
    case "records":
      return `records ${span(answer.records)}`
    case "digest":
      return `digest of ${answer.version} ${answer.digest === null ? "unknown" : "known"}`
    case "heartbeat":
      return `heartbeat: head ${answer.head}, committed ${answer.committed}`
    case "took-over":
      return `took over, epoch ${answer.epoch.number}`
    case "diverged":
      return "diverged"
    case "position":
      return `position: ${answer.role}, head ${answer.head}, committed ${answer.committed}`
    case "snapshot-manifest":
      return `a copy of version ${answer.version}`
    case "snapshot-chunk":
      return `chunk ${answer.index}`
    case "refused":
      return `${answer.of} refused, ${answer.code}: ${answer.detail}`
    default:
      return answer satisfies never
  }
}

export function effectText(node: "a" | "b", effect: Effect): string {
  switch (effect.effect) {
    case "ask":
      return `a→b ${requestText(effect.request)}`
    case "reply":
      return `a←b ${answerText(effect.answer)}`
    case "serve-log":
      return `b   reads its log`
    case "save":
      return `${node}   saves ${span(effect.records)}, ${effect.decided ? "decided" : `committed ${effect.committed}`}`
    case "undo":
      return `${node}   undoes`
    case "identify":
      return `${node}   ${changeText(effect.change)}`
    case "advance":
      return `${node}   committed ${effect.committed}`
    case "load":
      return `${node}   loads from ${effect.from}`
    case "read-digest":
      return `${node}   reads digest of ${effect.version}`
    case "decided":
      return `${node}   decided ${effect.version}`
    case "acknowledge":
      return `${node}   acknowledges ${effect.version}`
    case "reject":
      return `${node}   rejects, ${effect.code}: ${effect.detail}`
    case "sync-changed":
      return `${node}   ${effect.inSync ? "in sync" : "not in sync"}`
    case "fetch-snapshot":
      return `${node}   fetches a copy of ${effect.cluster}`
    case "role-changed":
      return `${node}   has changed its role`
    case "mode-changed":
      return `${node}   is ${effect.mode} now`
    case "handover-refused":
      return `${node}   hands nothing over: ${effect.detail}`
    case "stuck":
      return `${node}   stuck: ${effect.reason}`
    case "stop":
      return `${node}   stops, ${effect.reason}: ${effect.detail}`
    case "notice":
      return `${node}   notice: ${effect.detail}`
    default:
      return effect satisfies never
  }
}

function changeText({ cluster, epoch, role, mode, lacking, leaseMs, decision }: IdentityChange): string {
  const facts = [
    ...(cluster === undefined ? [] : [`joins ${cluster}`]),
    ...(role === undefined ? [] : [`becomes the ${role}`]),
    ...(epoch === undefined ? [] : [`epoch ${epoch.number}`]),
    ...(mode === undefined ? [] : [`mode ${mode}`]),
    ...(lacking === undefined ? [] : [lacking ? "may lack writes" : "lacks nothing"]),
    ...(leaseMs === undefined ? [] : [`lease ${leaseMs}`]),
    ...(decision === undefined ? [] : [`${decision.what} by ${decision.by}`]),
  ]
  return facts.join(", ")
}

function span(records: readonly SealedRecord[]): string {
  const first = records[0]?.version
  const last = records.at(-1)?.version
  return first === last ? `${first ?? "none"}` : `${first}-${last}`
}
