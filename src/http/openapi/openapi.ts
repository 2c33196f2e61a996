// GET /openapi.json: the description of this API. Made at the first request, not at start; the same until the next release.
import * as v from "valibot"
import { createHash } from "node:crypto"
import { isRefusal } from "../../refusal.ts"
import { etagHeader, ifNoneMatchHeader, noneMatch } from "../etag.ts"
import type { Exchange } from "../exchange.ts"
import type { About } from "../route.ts"

export class OpenApi {
  readonly #make: () => object
  #made: { readonly text: string; readonly etag: string } | undefined

  constructor(make: () => object) {
    this.#make = make
  }

  get made(): { readonly text: string; readonly etag: string } {
    return (this.#made ??= madeOf(JSON.stringify(this.#make())))
  }
}

function madeOf(text: string) {
  return { text, etag: `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"` }
}

export function getOpenApi(exchange: Exchange): Response {
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const { text, etag } = exchange.shared.openApi.made
  const known = exchange.request.headers.get(ifNoneMatchHeader.name)
  return exchange.description(known !== null && noneMatch(known, etag) ? undefined : text, etag)
}

export const openApiAbout: About = {
  name: "getOpenApi",
  summary: "This description.",
  query: [],
  headers: [ifNoneMatchHeader],
  answer: v.looseObject({ openapi: v.literal("3.1.0") }),
  answerHeaders: [etagHeader],
  codes: [],
  example: { path: "/openapi.json", answer: { openapi: "3.1.0" } },
}
