// Texts of an event stream (text/event-stream), as EventSource reads them. Data is JSON, so it has no line breaks.
import type { FeedItem } from "../../operations/feed.ts"

export const eventStream = "text/event-stream"

const encoder = new TextEncoder()

/** Opens the stream: how long a reader waits before it connects again. */
export const opening = encoder.encode("retry: 1000\n\n")

export function changeEvents(items: readonly FeedItem[]): Uint8Array {
  return encoder.encode(items.map(({ version, text }) => `id: ${version}\nevent: change\ndata: ${text}\n\n`).join(""))
}

/** Everything up to `version` has been shown. Without an id, as all but changes. */
export function heartbeatEvent(version: number): Uint8Array {
  return encoder.encode(`event: heartbeat\ndata: {"version":${version}}\n\n`)
}

/** The last event of a stream whose reader was too slow: it connects again, with the last id it has. */
export function overflowEvent(version: number): Uint8Array {
  const detail = "The reader took nothing for too long; connect again to go on behind the last change."
  return encoder.encode(`event: overflow\ndata: ${JSON.stringify({ version, detail })}\n\n`)
}
