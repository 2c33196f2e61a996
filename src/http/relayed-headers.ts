// The headers of another node's answer that go on to the client of this one; no others do.

export function relayedHeaders(answer: Response): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const name of relayed) {
    const value = answer.headers.get(name)
    if (value !== null) headers[name] = value
  }
  headers["x-content-type-options"] = "nosniff"
  return headers
}

const relayed = [
  "content-type",
  "cache-control",
  "link",
  "retry-after",
  "www-authenticate",
  "idempotency-replayed",
  "tandem-version",
  "tandem-node",
  "tandem-role",
  "tandem-epoch",
  "tandem-mode",
  "tandem-stale",
  "tandem-request-id",
]
