// A digest of everything that happens in a run: equal where two runs were the same, to the last effect.
import { createHash } from "node:crypto"

/** The lines also go to `show`, where there is one. */
export function traceDigest(run: (hear: (line: string) => void) => void, show?: (line: string) => void): string {
  const hash = createHash("sha256")
  run((line) => {
    hash.update(`${line}\n`)
    show?.(line)
  })
  return hash.digest("hex")
}
