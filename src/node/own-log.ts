// What a coordinator asks of its own log, read for it.
import { bounds } from "../bounds.ts"
import type { CoordinatorEvent } from "../protocol/coordinator-state.ts"
import type { Load, ReadDigest } from "../protocol/effect.ts"
import type { Reader } from "../store/store.ts"

/** Nothing above `head`, which the coordinator knows of. */
export function readOwnLog(reader: Reader, effect: Load | ReadDigest, head: number): CoordinatorEvent {
  if (effect.effect === "load") return { event: "loaded", records: reader.records(effect.from, head, bounds.batchCountMax, bounds.batchBytesMax) }
  const digest = reader.digest(effect.version)
  if (digest === undefined) throw new Error(`version ${effect.version} is not in the log`)
  return { event: "own-digest", version: effect.version, digest }
}
