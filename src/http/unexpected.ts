// What happens to errors that nothing expected. One line on stderr that says where, never what was in the request.
// A broken invariant or disk must end the process: it is thrown again outside of any request, where the node catches it.
import { InvariantBroken } from "../protocol/invariant.ts"
import { RecordDamaged } from "../protocol/record.ts"
import { DiskError } from "../store/transact.ts"
import { StoreDamaged } from "../store/store-damaged.ts"

const fatal = [InvariantBroken, RecordDamaged, DiskError, StoreDamaged]

export interface UnexpectedHooks {
  readonly report: (line: string) => void
  readonly rethrow: (error: unknown) => void
}

export const processHooks: UnexpectedHooks = {
  report: (line) => process.stderr.write(`${line}\n`),
  rethrow: (error) =>
    queueMicrotask(() => {
      throw error
    }),
}

export function unexpected(error: unknown, where: string, hooks: UnexpectedHooks): void {
  if (fatal.some((kind) => error instanceof kind)) return hooks.rethrow(error)
  hooks.report(`tandem: unexpected ${nameOf(error)} in ${where}${placesOf(error)}`)
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}

/** Where it was thrown. The message is left out: a parser's or a driver's may quote what a client sent. */
export function placesOf(error: unknown): string {
  if (!(error instanceof Error) || error.stack === undefined) return ""
  const places = error.stack.split("\n").filter((line) => /^\s+at /.test(line))
  return places.slice(0, 3).map((line) => line.trim()).reduce((text, line) => `${text} ${line}`, "")
}
