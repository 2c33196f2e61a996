// Refusals as RFC 9457 problem documents: the one table from code to HTTP status. Must never carry a stack or a secret.
import { bounds } from "../bounds.ts"
import type { Refusal, RefusalCode } from "../refusal.ts"

const kinds: { readonly [Code in RefusalCode]: readonly [status: number, title: string] } = {
  malformed: [400, "The request is malformed"],
  "unknown-operation": [400, "There is no such operation"],
  unauthenticated: [401, "A valid token is needed"],
  "login-failed": [401, "The login failed"],
  forbidden: [403, "The token does not allow this"],
  "not-found": [404, "There is nothing here"],
  "entity-missing": [404, "There is no such entity"],
  "collection-missing": [404, "There is no such collection"],
  "method-not-allowed": [405, "The method is not allowed here"],
  unique: [409, "Another entity holds this value"],
  "wrong-state": [409, "The node's role or mode does not allow this"],
  conflict: [409, "The state does not allow this"],
  "precondition-failed": [412, "A precondition is not met"],
  "too-large": [413, "The request is too large"],
  "unsupported-media-type": [415, "The content type is not supported"],
  "not-primary": [421, "This node is not the primary"],
  invalid: [422, "The data is invalid"],
  "key-reused": [422, "The idempotency key belongs to another request"],
  "too-many-requests": [429, "Too many requests"],
  unavailable: [503, "Not available now"],
  "version-unavailable": [503, "That version is not here yet"],
  "version-ahead": [400, "That version does not exist yet"],
  trimmed: [410, "That version is not kept any more"],
  "disk-full": [507, "The disk is full"],
  "outcome-unknown": [500, "The outcome is unknown"],
  internal: [500, "Something is broken here"],
}

/** Every code there is. */
export const codes = Object.keys(kinds) as RefusalCode[]

export function titleOf(code: RefusalCode): string {
  return kinds[code][1]
}

export function statusOf(code: RefusalCode): number {
  return kinds[code][0]
}

/** A token of ours, wherever a client has put it: an id that is not there is named, and that must not be somebody's key. */
const secret = /\bt[kors]_[A-Za-z0-9_-]{43,}/g

/** The JSON text of the problem document, for a body of its own or inside a line of a stream. */
export function problemJson(refusal: Refusal): string {
  return textOf(refusal).replace(secret, (token) => `${token.slice(0, 3)}…`)
}

function textOf(refusal: Refusal): string {
  const [status, title] = kinds[refusal.code]
  const { code, detail, operation, pointer, key, version, oldestVersion, retryAfter, hint, primary, issues } = refusal
  return JSON.stringify({
    type: `urn:tandem:problem:${code}`,
    title,
    status,
    detail,
    code,
    operation,
    pointer,
    key,
    version,
    oldestVersion,
    retryAfter,
    hint,
    primary,
    issues: issues?.slice(0, bounds.issuesMax),
  })
}
