// Request bodies: their type, their size while they are read, and their text. Never holds more than the bound.
import { isRefusal, type Refusal, refuse } from "../refusal.ts"

/** Refuses any content type but `expected`; parameters other than charset=utf-8 are refused too. */
export function checkContentType(request: Request, expected: string): Refusal | undefined {
  const type = request.headers.get("content-type")
  if (type === expected) return undefined
  const [name, ...parameters] = (type ?? "").split(";").map((part) => part.trim().toLowerCase())
  if (name === expected && parameters.every((parameter) => /^charset="?utf-8"?$/.test(parameter))) return undefined
  return refuse("unsupported-media-type", `The body must be ${expected}, in UTF-8.`)
}

/** The whole body as text, or why not. */
export async function readText(request: Request, bytesMax: number): Promise<string | Refusal> {
  const bytes = await readBytes(request, bytesMax)
  return isRefusal(bytes) ? bytes : (textOf(bytes) ?? notUtf8())
}

/** The whole body, or why not. */
export async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array | Refusal> {
  const announced = request.headers.get("content-length")
  if (announced !== null && Number(announced) > bytesMax) return tooLarge(bytesMax)
  try {
    // An announced length is kept by the server; without one the bytes are counted as they come.
    const bytes = announced !== null ? new Uint8Array(await request.arrayBuffer()) : await readCounting(request, bytesMax)
    return bytes === undefined || bytes.length > bytesMax ? tooLarge(bytesMax) : bytes
  } catch {
    // The client went away: nobody hears this, and it is nothing that the operator needs to know.
    return refuse("malformed", "The body was cut off.")
  }
}

export function notUtf8(): Refusal {
  return refuse("malformed", "The body is not UTF-8.")
}

/** Undefined where the bytes are not UTF-8: nothing is replaced on the way in. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true })

/** Undefined as soon as there is more than `bytesMax`; the rest is not read. */
async function readCounting(request: Request, bytesMax: number): Promise<Uint8Array | undefined> {
  if (request.body === null) return new Uint8Array()
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks, length)
    length += value.length
    if (length > bytesMax) {
      await reader.cancel().catch(() => undefined)
      return undefined
    }
    chunks.push(value)
  }
}

function tooLarge(bytesMax: number): Refusal {
  return refuse("too-large", `The body is larger than ${bytesMax} bytes.`)
}
