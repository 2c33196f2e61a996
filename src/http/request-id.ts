// Names for requests: the client's own where it is harmless to echo, else ours. Never a secret, never guess-proof.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import type { Described } from "./parameter.ts"

const harmless = /^[A-Za-z0-9._~:-]+$/

export const requestIdHeader: Described = {
  name: "tandem-request-id",
  description: "The request's name in diagnostics; the client's own where it sent one.",
  schema: v.optional(v.pipe(v.string(), v.maxLength(bounds.requestIdLengthMax), v.regex(harmless))),
}

export class RequestIds {
  readonly #prefix: string
  #count = 0

  /** `prefix` differs per process start, so that ids never repeat; a counter does the rest, which costs nothing. */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  of(request: Request): string {
    const given = request.headers.get(requestIdHeader.name)
    if (given !== null && given.length <= bounds.requestIdLengthMax && harmless.test(given)) return given
    this.#count += 1
    return `${this.#prefix}-${this.#count.toString(36)}`
  }
}
