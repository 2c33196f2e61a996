// How long what a replica shows is the newest there is, after its primary was heard within the present link. A primary may go solo, and then
// acknowledges without this replica: it waits for `soloWaitMs` after it has sent the last message of a link, and the replica counts
// from when a message was sent, not from when it came, since it may have been under way for long.
import type { Envelope, PeerRequest } from "./messages.ts"

/** Two clocks may differ this much in rate, so a lease is waited for that much longer. */
export const clockDrift = 1.1

export class ReadLease {
  /** None yet; the first one that is opened has a higher number. */
  #link = 0
  /** This clock less the sender's, as the message of this link that was under way for the shortest time has it. */
  #offsetMs = 0
  #sentAtMs = Number.NEGATIVE_INFINITY

  /** A hello has opened a link. Its sender uses no link whose opening it did not hear of in time, so this one was not under way for longer. */
  opened(link: number, sentAtMs: number, nowMs: number): void {
    this.#link = link
    this.#offsetMs = nowMs - sentAtMs
    this.#sentAtMs = Number.NEGATIVE_INFINITY
  }

  /** A message that was not refused. Those of no link, hellos and questions, go on while a primary is solo. */
  heard({ link, sentAtMs }: Envelope, kind: PeerRequest["kind"], nowMs: number): void {
    if (kind === "hello" || kind === "position" || link !== this.#link) return
    this.#offsetMs = Math.min(this.#offsetMs, nowMs - sentAtMs)
    this.#sentAtMs = Math.max(this.#sentAtMs, sentAtMs)
  }

  /** At or below zero the primary may have gone on alone. */
  leftMs(leaseMs: number, nowMs: number): number {
    return this.#sentAtMs === Number.NEGATIVE_INFINITY ? 0 : this.#sentAtMs + this.#offsetMs + leaseMs - nowMs
  }
}

/** After the last message of a link was sent: the offset above may be too large by the time that one message may take. */
export function soloWaitMs({ leaseMs, peerTimeoutMs }: { readonly leaseMs: number; readonly peerTimeoutMs: number }): number {
  return Math.ceil(leaseMs * clockDrift) + peerTimeoutMs
}
