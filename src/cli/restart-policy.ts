// What `tandem dev` does when a node ends by itself. The same rule that a real supervisor should follow: only what may
// be better next time is started again. Pure.
import { exitCodes } from "../runtime/exit.ts"

export interface Ending {
  readonly code: number | null
  readonly signal: string | null
  /** How long it ran. */
  readonly ranMs: number
  /** Restarts right before this one, each of which ended early. */
  readonly earlyEndings: number
}

export type Next =
  | { readonly kind: "restart"; readonly afterMs: number; readonly earlyEndings: number; readonly why: string }
  | { readonly kind: "give-up"; readonly code: number; readonly why: string }

const worthAnotherTry: ReadonlySet<number> = new Set([exitCodes.internal, exitCodes.disk, exitCodes.stuck])
/** Who ran this long did well, whatever ended it. */
const earlyMs = 10_000
const delayMinMs = 200
const delayMaxMs = 10_000

export function afterEnding({ code, signal, ranMs, earlyEndings }: Ending): Next {
  const why = signal === null ? `ended with exit code ${code ?? 0}` : `was ended by ${signal}`
  if (signal === null && !worthAnotherTry.has(code ?? 0)) return { kind: "give-up", code: code ?? 0, why }
  const early = ranMs < earlyMs ? earlyEndings + 1 : 0
  const afterMs = early === 0 ? delayMinMs : Math.min(delayMaxMs, delayMinMs * 2 ** (early - 1))
  return { kind: "restart", afterMs, earlyEndings: early, why }
}
