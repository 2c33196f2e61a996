// How a command ends that cannot do its work: thrown anywhere below it, printed in one place, with an exit code.
import { exitCodes, type ExitCode } from "../runtime/exit.ts"

export class CommandFailed extends Error {
  readonly exitCode: ExitCode
  /** What the reader can do about it. */
  readonly hint: string | undefined
  /** What was asked for may have been done all the same. */
  readonly mayBeDone: boolean

  constructor(message: string, options: { readonly exitCode?: ExitCode; readonly hint?: string | undefined; readonly mayBeDone?: boolean } = {}) {
    super(message)
    this.name = "CommandFailed"
    this.exitCode = options.exitCode ?? exitCodes.failed
    this.hint = options.hint
    this.mayBeDone = options.mayBeDone ?? false
  }
}

export function wrongUsage(message: string, hint?: string): CommandFailed {
  return new CommandFailed(message, { exitCode: exitCodes.usage, hint })
}
