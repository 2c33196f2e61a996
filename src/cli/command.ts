// What a command of `tandem` is: one file each, with its flags, help and exit codes beside what it does.
import type { ExitCode } from "../runtime/exit.ts"
import type { Flags, FlagTable } from "./flags.ts"
import type { Terminal } from "./terminal.ts"

export interface Invocation {
  readonly flags: Flags
  readonly positionals: readonly string[]
  readonly terminal: Terminal
}

export interface Command {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  /** What follows the name: `<collection>/<id>`. */
  readonly arguments: string
  readonly positionalsMax: number
  readonly flags: FlagTable
  /** Whole command lines with a word on each. */
  readonly examples: readonly string[]
  /** Apart from 0, and 64 for wrong usage. */
  readonly exits: readonly ExitCode[]
  run(invocation: Invocation): Promise<number>
}
