// What both nodes' rows are compared by: every so many versions each node notes the digest of all its rows. Equal logs give equal rows, so
// where two nodes have one log and other rows, what one of them has is not what was written, and nobody can say which before both are checked.
import { type Digest, sameDigest } from "./digest.ts"
import type { Request } from "./messages.ts"

export interface Checkpoint {
  readonly version: number
  /** Of that version's record: the log up to it. */
  readonly digest: Digest
  /** Of all newest rows as of that version; 16 bytes. */
  readonly state: Uint8Array
}

/** Versions from one to the next. */
export const checkpointEvery = 1_024

/** What is wrong, where two nodes have one log up to a version, and other rows. Where nothing can be compared, nothing is. */
export function whyRowsDiffer(own: Checkpoint | undefined, peer: Checkpoint | undefined): string | undefined {
  if (own === undefined || own.version !== peer?.version || !sameDigest(own.digest, peer.digest) || sameDigest(own.state, peer.state)) return undefined
  return `both logs are equal up to version ${own.version}, and the rows are not: on one of the two disks they are not what was written`
}

/** What a primary says goes with the newest checkpoint that it has: hello, so that nothing is synced that differs, and what comes every second. */
export function withCheckpoint(request: Request, newest: Checkpoint | undefined): Request {
  return newest !== undefined && (request.kind === "heartbeat" || (request.kind === "hello" && request.open)) ? { ...request, checkpoint: newest } : request
}

/** What is compared with it. */
export function checkpointOf(request: Request): Checkpoint | undefined {
  return request.kind === "heartbeat" || request.kind === "hello" ? request.checkpoint : undefined
}

export const rowsDifferHint = "run `tandem verify --data …` on both nodes: it names what is damaged; there, `tandem verify --repair-from-peer` takes the other node's"
