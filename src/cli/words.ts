// `name=Ada age=36 data.plan=pro` as the data of an operation. A value that reads as JSON (number, true, object, quoted
// string) is that; anything else is text. Never quotes one that is wrong: it may be a piece of a password.
import { wrongUsage } from "./command-failed.ts"

type Data = { [name: string]: unknown }

/** Fields that hold text whatever it looks like: `id=1` is the id "1". */
const texts: ReadonlySet<string> = new Set(["id", "userId", "email", "name", "password", "currentPassword", "token", "issuer", "subject", "purpose", "collection"])

export function parseWords(words: readonly string[]): Data {
  const data: Data = {}
  for (const [n, word] of words.entries()) {
    const equals = word.indexOf("=")
    if (equals < 1) throw wrongUsage(`${nth(n)} is not field=value.`, "Text with spaces needs quotes: name='Ada Lovelace'.")
    const path = word.slice(0, equals)
    put(data, path.split("."), valueOf(word.slice(equals + 1), texts.has(path)), n)
  }
  return data
}

/** A dot reaches into an object: `value.title=…` */
function put(data: Data, path: readonly string[], value: unknown, n: number): void {
  const [name = "", ...rest] = path
  if (name === "" || name === "__proto__") throw wrongUsage(`${nth(n)} is not field=value.`)
  if (rest.length === 0) {
    if (Object.hasOwn(data, name)) throw wrongUsage(`${name} is given twice.`)
    data[name] = value
    return
  }
  const inner = Object.hasOwn(data, name) ? data[name] : {}
  if (typeof inner !== "object" || inner === null || Array.isArray(inner)) throw wrongUsage(`${name} is given twice.`)
  data[name] = inner
  put(inner as Data, rest, value, n)
}

function nth(n: number): string {
  return `Argument ${n + 1} after the operation`
}

function valueOf(text: string, isText: boolean): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (isText) return typeof value === "number" || typeof value === "boolean" ? text : value
    // Digits that a number would not keep, such as a long id, stay text.
    return typeof value === "number" && String(value) !== text ? text : value
  } catch {
    return text
  }
}
