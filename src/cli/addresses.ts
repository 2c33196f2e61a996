// Reads addresses, URLs and origins from settings; undefined where the text is none.
import type { Address } from "../node/settings.ts"

/** `host:port`, `[::1]:4000`, `:4000` for every interface. */
export function parseAddress(text: string): Address | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]*)):(\d{1,5})$/.exec(text) ?? []
  if (digits === undefined) return undefined
  const port = Number(digits)
  if (port > 65_535) return undefined
  const hostname = bracketed ?? plain ?? ""
  return { hostname: hostname === "" ? "::" : hostname, port }
}

/** An http or https URL without query or fragment, and without a slash at its end. */
export function parseUrl(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || !isHttp(url) || url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") return undefined
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "")
}

export function parseOrigin(text: string): string | undefined {
  const url = URL.parse(text)
  return url !== null && isHttp(url) && url.origin === text.replace(/\/$/, "") ? url.origin : undefined
}

function isHttp(url: URL): boolean {
  return url.protocol === "http:" || url.protocol === "https:"
}
