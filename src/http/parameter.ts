// Query parameters, path parameters and headers, each declared once: what it is called, what it means, what it may be. A query
// parameter's declaration reads it from a request and describes it to clients. Never guesses what was meant.
import * as v from "valibot"
import { durationPattern, parseDuration } from "../operations/durations.ts"
import { timeField } from "../operations/fields.ts"
import { parseTime } from "../operations/times.ts"
import { isRefusal, type Refusal } from "../refusal.ts"
import { parameterRefusal, type Query, versionMax, wholeParameter } from "./query.ts"

/** What a description says of a parameter, wherever in the request it stands. */
export interface Described {
  readonly name: string
  readonly description: string
  /** What its text stands for; optional, with its default, where it may be left out. */
  readonly schema: v.GenericSchema
}

export interface Parameter<Value = unknown> extends Described {
  of(query: Query): Value | Refusal
}

interface Named {
  readonly name: string
  readonly description: string
}

interface Range {
  readonly min?: number
  readonly max?: number
}

const optionalWhole = ({ min = 0, max = versionMax }: Range) => v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max))

/** A whole number; undefined where it is absent. */
export function whole({ name, description, ...range }: Named & Range): Parameter<number | undefined> {
  const { min = 0, max } = range
  return {
    name,
    description,
    schema: v.optional(optionalWhole(range)),
    of: (query) => {
      const value = wholeParameter(query, name)
      if (value === undefined || isRefusal(value)) return value
      if (value >= min && (max === undefined || value <= max)) return value
      return parameterRefusal(name, max === undefined ? `must be ${min} or more` : `must be between ${min} and ${max}`)
    },
  }
}

/** The same with a number that stands for its absence. */
export function wholeOr(absent: number, declared: Named & Range): Parameter<number> {
  const { of, ...rest } = whole(declared)
  return { ...rest, schema: v.optional(optionalWhole(declared), absent), of: (query) => of(query) ?? absent }
}

/** One of a few words, the first where it is absent. */
export function choice<const Word extends string>(words: readonly [Word, ...Word[]], { name, description }: Named): Parameter<Word> {
  const said = words.map((word) => `\`${word}\``)
  const message = `must be ${said.slice(0, -1).join(", ")} or ${said.at(-1)}`
  return {
    name,
    description,
    schema: v.optional(v.picklist(words), words[0]),
    of: (query) => {
      const text = query.get(name)
      if (text === undefined) return words[0]
      return words.find((word) => word === text) ?? parameterRefusal(name, message)
    },
  }
}

/** `true` or `false`, which is what its absence means. */
export function flag({ name, description }: Named): Parameter<boolean> {
  return {
    name,
    description,
    schema: v.optional(v.boolean(), false),
    of: (query) => {
      const text = query.get(name)
      if (text === undefined || text === "false") return false
      return text === "true" || parameterRefusal(name, "must be `true` or `false`")
    },
  }
}

/** A time, in milliseconds since 1970; undefined where it is absent. */
export function time({ name, description }: Named): Parameter<number | undefined> {
  return {
    name,
    description,
    schema: v.optional(timeField),
    of: (query) => {
      const text = query.get(name)
      if (text === undefined) return undefined
      return parseTime(text) ?? parameterRefusal(name, "is not an RFC 3339 time, such as 2026-01-31T12:00:00.000Z")
    },
  }
}

/** A duration, in milliseconds; undefined where it is absent. */
export function duration({ name, description, maxMs }: Named & { readonly maxMs: number }): Parameter<number | undefined> {
  return {
    name,
    description,
    schema: v.optional(v.pipe(v.string(), v.regex(durationPattern))),
    of: (query) => {
      const text = query.get(name)
      if (text === undefined) return undefined
      const ms = parseDuration(text)
      return ms !== undefined && ms <= maxMs ? ms : parameterRefusal(name, `must be a duration of at most ${maxMs / 1_000}s, such as 30s`)
    },
  }
}

/** Text that its reader looks into; undefined where it is absent. */
export function text({ name, description }: Named): Parameter<string | undefined> {
  return { name, description, schema: v.optional(v.string()), of: (query) => query.get(name) }
}

/** Text of bounded length that is well-formed; undefined where it is absent. */
export function boundedText({ name, description, lengthMax }: Named & { readonly lengthMax: number }): Parameter<string | undefined> {
  return {
    name,
    description,
    schema: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(lengthMax))),
    of: (query) => {
      const found = query.get(name)
      if (found === undefined) return undefined
      const taken = found.length > 0 && found.length <= lengthMax && !found.includes("\0") && found.isWellFormed()
      return taken ? found : parameterRefusal(name, `must have 1 to ${lengthMax} characters`)
    },
  }
}
