// Parses the arguments of one command, strictly: an unknown flag is an error that names the nearest known one.
import { wrongUsage } from "./command-failed.ts"
import { nearest } from "./nearest.ts"

export interface Flag {
  /** What stands for the value in the help; a flag without one is on or off. */
  readonly value?: string
  readonly help: string
  readonly repeats?: true
}

export type FlagTable = Readonly<Record<string, Flag>>

export class Flags {
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values
  }

  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1)
  }

  /** A flag without a value, or `--flag=true` and `--flag=false`. */
  on(name: string): boolean {
    return this.text(name) === "true"
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }
}

/** Flags that every command has. */
export const commonFlags: FlagTable = { help: { help: "Show this help" } }

export function parseArguments(table: FlagTable, given: readonly string[]): { flags: Flags; positionals: string[] } {
  const values = new Map<string, string[]>()
  const positionals: string[] = []
  for (let n = 0; n < given.length; n += 1) {
    const argument = given[n] ?? ""
    if (argument === "--") {
      positionals.push(...given.slice(n + 1))
      break
    }
    if (argument === "-h") values.set("help", ["true"])
    else if (!argument.startsWith("--")) {
      if (argument.length > 1 && argument.startsWith("-")) throw wrongUsage(`Unknown flag ${argument}; flags begin with two hyphens.`)
      positionals.push(argument)
    } else {
      const [name, inline] = split(argument.slice(2))
      const flag = known(table, name)
      const value = inline ?? (flag.value === undefined ? "true" : following(given[(n += 1)]))
      check(name, flag, value, values.has(name))
      values.set(name, [...(values.get(name) ?? []), value ?? ""])
    }
  }
  return { flags: new Flags(values), positionals }
}

function split(text: string): [string, string | undefined] {
  const equals = text.indexOf("=")
  return equals < 0 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)]
}

/** What begins like a flag is one, and the value is missing; `--note=--x` says otherwise. */
function following(argument: string | undefined): string | undefined {
  return argument?.startsWith("--") === true ? undefined : argument
}

function known(table: FlagTable, name: string): Flag {
  const flag = Object.hasOwn(table, name) ? table[name] : undefined
  if (flag !== undefined) return flag
  const near = nearest(name, Object.keys(table))
  throw wrongUsage(`Unknown flag --${name}.`, near === undefined ? "`--help` lists the flags." : `Did you mean --${near}?`)
}

function check(name: string, flag: Flag, value: string | undefined, again: boolean): void {
  if (value === undefined) throw wrongUsage(`--${name} needs a value: --${name} ${flag.value ?? ""}`.trim())
  if (flag.value === undefined && value !== "true" && value !== "false") throw wrongUsage(`--${name} takes no value.`)
  if (again && flag.repeats !== true) throw wrongUsage(`--${name} is given more than once.`)
}
