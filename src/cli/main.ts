// The command line as a whole: finds the command, shows help, turns what went wrong into a message and an exit code.
import { release } from "../release.ts"
import { exitCodes, type ExitCode } from "../runtime/exit.ts"
import { paintFor } from "./colour.ts"
import type { Command } from "./command.ts"
import { CommandFailed, wrongUsage } from "./command-failed.ts"
import { commands } from "./commands.ts"
import { commonFlags, parseArguments } from "./flags.ts"
import { commandHelp, overview } from "./help.ts"
import { jsonLine } from "./json-line.ts"
import { nearest } from "./nearest.ts"
import { ReaderGone } from "./output.ts"
import type { Terminal } from "./terminal.ts"

/** Runs one command line and says how it ended. */
export async function runCommandLine(given: readonly string[], terminal: Terminal): Promise<number> {
  try {
    return await dispatch(given, terminal)
  } catch (error) {
    if (error instanceof ReaderGone) return exitCodes.done
    return report(error, given, terminal)
  }
}

async function dispatch(given: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = given
  if (name === undefined) {
    terminal.note(overview(commands).trimEnd())
    return exitCodes.usage
  }
  if (name === "help" || name === "--help" || name === "-h") {
    const [about] = rest
    await terminal.out(about === undefined ? overview(commands) : commandHelp(commandNamed(about)))
    return exitCodes.done
  }
  if (name === "--version" || name === "version") {
    await terminal.out(`tandem ${release}\n`)
    return exitCodes.done
  }
  const command = commandNamed(name)
  const { flags, positionals } = parseArguments({ ...command.flags, ...commonFlags }, rest)
  if (flags.on("help")) {
    await terminal.out(commandHelp(command))
    return exitCodes.done
  }
  const extra = positionals[command.positionalsMax]
  if (extra !== undefined) throw wrongUsage(`Too many arguments: ${extra}.`, `\`tandem ${command.name} --help\` shows what it takes.`)
  return command.run({ flags, positionals, terminal })
}

function commandNamed(name: string): Command {
  const command = commands.find((known) => known.name === name)
  if (command !== undefined) return command
  const near = nearest(name, commands.map((known) => known.name))
  throw wrongUsage(`There is no command ${name}.`, near === undefined ? "`tandem help` lists them." : `Did you mean ${near}?`)
}

function report(error: unknown, given: readonly string[], terminal: Terminal): ExitCode {
  const failed = error instanceof CommandFailed ? error : undefined
  const message = error instanceof Error ? error.message : String(error)
  const exitCode = failed?.exitCode ?? exitCodes.internal
  if (given.includes("--json") || given.includes("--json=true")) {
    terminal.note(jsonLine({ error: message, exitCode, hint: failed?.hint }).trimEnd())
    return exitCode
  }
  terminal.note(`${paintFor({ colours: terminal.noteColours })("red", "tandem:")} ${message}`)
  if (failed?.hint !== undefined) terminal.note(failed.hint)
  // Nobody foresaw it, so where it happened is what helps.
  if (failed === undefined && error instanceof Error && error.stack !== undefined) terminal.note(error.stack)
  return exitCode
}
