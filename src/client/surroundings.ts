// What the client takes from where it runs: fetch, the clock, waiting and randomness. The only place here that reads them.

export interface Surroundings {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Milliseconds; never goes back. */
  readonly nowMs: () => number
  /** Calls back once, later, unless cancelled by the function that it returns. */
  readonly after: (delayMs: number, then: () => void) => () => void
  /** From 0 to below 1. */
  readonly random: () => number
  /** A key that nobody else makes. */
  readonly newKey: () => string
  /** Of the page that asks; undefined where it is none. */
  readonly origin: string | undefined
}

export const surroundings: Surroundings = {
  // Looked up at each call, and called as a global: browsers refuse any other `this`.
  fetch: (url, init) => globalThis.fetch(url, init),
  nowMs: () => performance.now(),
  after: (delayMs, then) => {
    const timer = setTimeout(then, delayMs)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
  newKey: () => [...randomBytes()].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  origin: (globalThis as { readonly location?: { readonly origin?: string } }).location?.origin,
}

/** Not `randomUUID`, which pages without https do not have. Node 18 has no global `crypto` at all. */
function randomBytes(): Uint8Array {
  const bytes = new Uint8Array(16)
  const source = (globalThis as { readonly crypto?: Pick<Crypto, "getRandomValues"> }).crypto
  if (source !== undefined) return source.getRandomValues(bytes)
  return bytes.map(() => Math.floor(Math.random() * 256))
}
