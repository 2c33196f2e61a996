// An effect, as a line of a trace has it.
import type { Effect } from "../../src/protocol/effect.ts"

export function describe(effect: Effect): string {
  switch (effect.effect) {
    case "ask":
      return `asks ${effect.request.kind}`
    case "reply":
      return `replies ${effect.answer.kind}${effect.answer.kind === "refused" ? ` ${effect.answer.code}` : ""}`
    case "save":
      return `saves ${effect.records[0]?.version} to ${effect.records.at(-1)?.version}`
    case "advance":
      return `advances to ${effect.committed}`
    case "acknowledge":
      return `acknowledges ${effect.version}`
    case "reject":
      return `rejects: ${effect.detail}`
    case "stuck":
      return `is stuck: ${effect.reason}`
    case "identify":
      return `becomes ${JSON.stringify(effect.change)}`
    case "notice":
      return `notices: ${effect.detail}`
    default:
      return effect.effect
  }
}
