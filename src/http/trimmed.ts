// What retention has taken away is 410: whether a version is below the horizon, and the answer that says so. The horizon decides,
// not what is left on this disk, so both nodes answer the same.
import { trimmed } from "../operations/trimmed.ts"
import type { Refusal } from "../refusal.ts"
import { oldestOf } from "../store/horizon.ts"
import type { Exchange } from "./exchange.ts"

/** Why what this request reads cannot be read as of `version`, if so. */
export function whyTrimmed(exchange: Exchange, version: number): Refusal | undefined {
  // Paths without a name of a collection are about users.
  const oldest = oldestOf(exchange.node.reader.horizon(), exchange.param("collection") || "users")
  return version < oldest ? trimmed(version, oldest) : undefined
}
