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

export function isDiskFailure(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException
  return error.name === "DiskError" || code === "ENOSPC" || code === "EDQUOT" || code === "EIO"
}

/** What the system, or a disk, has refused: a sentence and an exit code, where it would else pass for a bug. Anything else as it is. */
export function systemFailure(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof CommandFailed) return error
  const { code } = error as NodeJS.ErrnoException
  const isDisk = isDiskFailure(error)
  if (!isDisk && error.name !== "CopyFailed" && (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code))) return error
  return new CommandFailed(`${what}: ${error.message}.`, { exitCode: isDisk ? exitCodes.disk : exitCodes.failed })
}
