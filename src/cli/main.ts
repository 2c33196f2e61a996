// The command line as a whole: finds the command, shows help, turns what went wrong into a message and an exit code.
import { release } from "../release.ts"
import { exitCodes, type ExitCode } from "../runtime/exit.ts"
import { paintFor } from "./colour.ts"
import { CommandFailed, wrongUsage } from "./command-failed.ts"
import { commands } from "./commands.ts"
import { commonFlags, parseArguments } from "./flags.ts"
import { commandHelp, overview } from "./help.ts"
import { nearest } from "./nearest.ts"
import type { Terminal } from "./terminal.ts"

/** Runs one command line and says how it ended. */
export async function runCommandLine(given: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(given, terminal)
  } catch (error) {
    return report(error, given, terminal)
  }
}

async function dispatch(given: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = given
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    const about = name === undefined ? undefined : commands.find((command) => command.name === rest[0])
    await terminal.out(about === undefined ? overview(commands) : commandHelp(about))
    return name === undefined ? exitCodes.usage : exitCodes.done
  }
  if (name === "--version" || name === "version") {
    await terminal.out(`tandem ${release}\n`)
    return exitCodes.done
  }
  const command = commands.find((known) => known.name === name)
  if (command === undefined) {
    const near = nearest(name, commands.map((known) => known.name))
    throw wrongUsage(`There is no command ${name}.`, near === undefined ? "`tandem help` lists them." : `Did you mean ${near}?`)
  }
  const { flags, positionals } = parseArguments({ ...command.flags, ...commonFlags }, rest)
  if (flags.on("help")) {
    await terminal.out(commandHelp(command))
    return exitCodes.done
  }
  const extra = positionals[command.positionalsMax]
  if (extra !== undefined) throw wrongUsage(`Too many arguments: ${extra}.`, `\`tandem ${command.name} --help\` shows what it takes.`)
  return command.run({ flags, positionals, terminal })
}

function report(error: unknown, given: readonly string[], terminal: Terminal): ExitCode {
  const failed = error instanceof CommandFailed ? error : undefined
  const message = error instanceof Error ? error.message : String(error)
  const exitCode = failed?.exitCode ?? exitCodes.internal
  if (given.includes("--json")) {
    terminal.note(JSON.stringify({ error: message, exitCode, ...(failed?.hint === undefined ? {} : { hint: failed.hint }) }))
    return exitCode
  }
  terminal.note(`${paintFor(terminal)("red", "tandem:")} ${message}`)
  if (failed?.hint !== undefined) terminal.note(failed.hint)
  // Nobody foresaw it, so where it happened is what helps.
  if (failed === undefined && error instanceof Error && error.stack !== undefined) terminal.note(error.stack)
  return exitCode
}
