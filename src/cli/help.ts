// The help texts, made from what each command says of itself, so that they cannot fall behind it.
import { type ExitCode, exitCodes } from "../runtime/exit.ts"
import type { Command } from "./command.ts"
import { commonFlags } from "./flags.ts"
import { variableOf } from "./settings.ts"
import { table } from "./table.ts"

const exitMeanings: Readonly<Record<ExitCode, string>> = {
  [exitCodes.done]: "done",
  [exitCodes.failed]: "the command failed; the message says why",
  [exitCodes.usage]: "wrong usage",
  [exitCodes.damaged]: "damaged data",
  [exitCodes.internal]: "internal error",
  [exitCodes.diverged]: "the two nodes hold different data",
  [exitCodes.foreign]: "another cluster, a wrong identity, or a wiped disk without --join",
  [exitCodes.locked]: "the data directory is in use",
  [exitCodes.disk]: "disk error",
  [exitCodes.stuck]: "stuck: try again",
  [exitCodes.fenced]: "fenced: another node is the primary now",
  [exitCodes.settings]: "wrong settings",
}

export function overview(commands: readonly Command[]): string {
  const list = indented(commands.map(({ name, summary }) => [name, summary]))
  return `Usage: tandem <command> [flags]\n\n${list}\n\`tandem <command> --help\` shows flags, examples and exit codes. \`tandem --version\` shows the release.\n`
}

export function commandHelp(command: Command): string {
  const flags = Object.entries({ ...command.flags, ...commonFlags }).map(([name, flag]) => [`--${name}${flag.value === undefined ? "" : ` ${flag.value}`}`, flag.help])
  const exits = [exitCodes.done, ...command.exits, exitCodes.usage].sort((one, other) => one - other)
  const sections = [
    `${command.summary}.\n`,
    `Usage: tandem ${command.name}${command.arguments === "" ? "" : ` ${command.arguments}`} [flags]\n`,
    `Flags:\n${indented(flags)}`,
    `${command.examples.length === 1 ? "Example" : "Examples"}:\n${command.examples.map((example) => `  ${example}\n`).join("")}`,
    `Exit codes:\n${indented([...new Set(exits)].map((code) => [String(code), exitMeanings[code]]))}`,
  ]
  if ("when-stuck" in command.flags) sections.push(`Every flag can come from the environment instead: --when-stuck as ${variableOf("when-stuck")}.\n`)
  return sections.join("\n")
}

function indented(rows: readonly (readonly string[])[]): string {
  return table(rows.map(([first = "", ...rest]) => [`  ${first}`, ...rest]))
}
