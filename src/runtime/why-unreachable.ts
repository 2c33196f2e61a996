// Why nobody could be asked over HTTP, in the same words under every runtime: theirs are for who wrote the program.

/** The runtimes say the same in their own words. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED|connection refused/i, "nothing listens there"],
  [/ENOTFOUND|EAI_AGAIN|dns error|failed to lookup/i, "there is no host of that name"],
  [/ETIMEDOUT|timed? ?out/i, "no answer came in time"],
  [/ECONNRESET|EPIPE|ConnectionClosed|socket connection was closed|connection reset|connection closed/i, "the connection was cut"],
]

/** Reasons for which nothing was sent. */
export const neverAsked: ReadonlySet<string> = new Set(["nothing listens there", "there is no host of that name"])

export function whyUnreachable(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : ""
  const text = `${error instanceof Error && "code" in error ? String(error.code) : ""} ${message} ${cause}`
  return reasons.find(([pattern]) => pattern.test(text))?.[1] ?? message.replace(/\.$/, "")
}
