// Cuts a file or stdin into lines and makes the body of POST /do/stream from each: with an idempotency key from its
// number and content, so that the same file twice changes nothing. Holds no more than one line at a time.
import { createHash } from "node:crypto"
import { bounds } from "../bounds.ts"
import { CommandFailed } from "./command-failed.ts"
import { exportedTransaction } from "./exported-line.ts"
import { type Fields, isFields, textField } from "./fields.ts"

export interface SourceLine {
  /** From 1 on; empty lines count, so that an editor finds it. */
  readonly number: number
  readonly text: string
}

const newline = 0x0a

export async function* sourceLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SourceLine> {
  // Not one decoder over chunks: it would hide which line is broken.
  const decoder = new TextDecoder("utf-8", { fatal: true })
  let number = 0
  let parts: Uint8Array[] = []
  let bytes = 0
  const finish = (): SourceLine | undefined => {
    number += 1
    const whole = Buffer.concat(parts)
    parts = []
    bytes = 0
    try {
      const text = decoder.decode(whole).trim()
      return text === "" ? undefined : { number, text }
    } catch {
      throw new CommandFailed(`Line ${number} is not UTF-8.`)
    }
  }
  const keep = (part: Uint8Array): void => {
    bytes += part.length
    if (bytes > bounds.streamLineBytesMax) throw new CommandFailed(`Line ${number + 1} is longer than ${bounds.streamLineBytesMax} bytes.`)
    parts.push(part)
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      keep(chunk.subarray(start, end))
      start = end + 1
      const line = finish()
      if (line !== undefined) yield line
    }
    if (start < chunk.length) keep(chunk.slice(start))
  }
  if (bytes > 0) {
    const line = finish()
    if (line !== undefined) yield line
  }
}

export interface LineOptions {
  /** Each line is a document of it; else each is a transaction, or what `export` wrote. */
  readonly collection?: string | undefined
  /** Send a line's `at`, which says when it happened. Without, the record's time is that of the import. */
  readonly keepTimes?: boolean
}

/** What goes into the stream, with its end. */
export function streamLine(line: SourceLine, { collection, keepTimes = false }: LineOptions = {}): string {
  const value = parse(line)
  const body: Fields = collection === undefined ? (exportedTransaction(value) ?? value) : { operations: [documentOperation(value, collection)] }
  const { key, at, ...rest } = body
  return `${JSON.stringify({ ...rest, ...(keepTimes && at !== undefined ? { at } : {}), key: key ?? keyOf(line) })}\n`
}

export function keyOf({ number, text }: SourceLine): string {
  return `import-${createHash("sha256").update(`${number}\0${text}`).digest("hex").slice(0, 32)}`
}

function parse({ number, text }: SourceLine): Fields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The engine's message would quote the line, which may hold a password.
    throw new CommandFailed(`Line ${number} is not JSON.`)
  }
  if (!isFields(value)) throw new CommandFailed(`Line ${number} is not a JSON object.`)
  return value
}

/** `{ id?, value, … }`, as `export` writes it, or a bare object, whose `id` is also the document's. */
function documentOperation(line: Fields, collection: string): Fields {
  const value = isFields(line["value"]) ? line["value"] : line
  const id = textField(line, "id")
  return id === undefined
    ? { op: "document.create", data: { collection, value } }
    : { op: "document.put", data: { collection, id, value } }
}
