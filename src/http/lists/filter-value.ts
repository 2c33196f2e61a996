// The value of a filter, as clients write it in a URL, as the bytes it has in an index. Strict: nothing is guessed or rounded.
import { bounds } from "../../bounds.ts"
import { emailKey } from "../../operations/email.ts"
import { parseTime } from "../../operations/times.ts"
import { booleanValue, numberValue, textValue, timeValue } from "../../store/term-value.ts"
import type { ListField } from "./list-field.ts"

/** Undefined where the text is no value of that type. */
export function filterValue(type: ListField["type"], text: string): Uint8Array | undefined {
  switch (type) {
    case "reference":
      return isText(text) && text.length <= bounds.idLengthMax ? textValue(text) : undefined
    case "string":
      return isText(text) && Buffer.byteLength(text) <= bounds.indexedTextBytesMax ? textValue(text) : undefined
    case "email":
      return isText(text) && text.length <= bounds.emailLengthMax ? textValue(emailKey(text)) : undefined
    case "integer":
      return /^-?(0|[1-9][0-9]{0,15})$/.test(text) && Number.isSafeInteger(Number(text)) ? numberValue(Number(text)) : undefined
    case "number":
      return jsonNumber.test(text) && isKept(Number(text)) ? numberValue(Number(text)) : undefined
    case "boolean":
      return text === "true" || text === "false" ? booleanValue(text === "true") : undefined
    case "time":
      return timeOf(text)
    case "json":
      return undefined
    default:
      return type satisfies never
  }
}

/** What a value of that type looks like, as the end of a sentence. */
export function valueForm(type: ListField["type"]): string {
  switch (type) {
    case "reference":
      return `must be an id, of ${bounds.idLengthMax} characters at most`
    case "string":
      return `must be text of ${bounds.indexedTextBytesMax} bytes at most, without NUL`
    case "email":
      return `must be an address, or the beginning of one, of ${bounds.emailLengthMax} characters at most`
    case "integer":
      return "must be a whole number that JSON keeps exactly, such as 42"
    case "number":
      return "must be a number as JSON writes it, such as -1.5"
    case "boolean":
      return "must be `true` or `false`"
    case "time":
      return "must be an RFC 3339 time, such as 2026-01-31T12:00:00.000Z"
    case "json":
      return "cannot be compared"
    default:
      return type satisfies never
  }
}

const jsonNumber = /^-?(0|[1-9][0-9]{0,308})(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?$/

/** As documents: whole numbers beyond 2^53 would be rounded. */
function isKept(number: number): boolean {
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number))
}

function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0")
}

function timeOf(text: string): Uint8Array | undefined {
  const timeMs = parseTime(text)
  return timeMs === undefined ? undefined : timeValue(new Date(timeMs).toISOString())
}
