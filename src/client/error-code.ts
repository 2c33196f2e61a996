// What an error is, as a word to decide by. A newer server may have more of them than are here.

/** What nodes answer. */
export type NodeCode =
  | "malformed" // broken JSON, a wrong parameter or header
  | "unknown-operation"
  | "unauthenticated" // no token, or one that is unknown, revoked or expired
  | "forbidden" // a token that may not
  | "login-failed" // address and password do not belong together
  | "not-found" // no such path
  | "entity-missing"
  | "collection-missing"
  | "method-not-allowed"
  | "unique" // another entity holds this value
  | "wrong-state" // the node's role or mode does not allow this
  | "conflict" // the entity is in a state that does not allow this
  | "precondition-failed" // `if` or `ifVersion` does not hold
  | "too-large"
  | "unsupported-media-type"
  | "not-primary" // a replica was asked to write, and the primary could not be reached
  | "invalid" // `issues` says all that is wrong
  | "key-reused" // the idempotency key belongs to another transaction
  | "too-many-requests"
  | "unavailable" // the nodes cannot answer now
  | "version-unavailable" // no node has that version yet
  | "version-ahead" // `at` a version that there is not yet
  | "trimmed" // what is that old is not kept any more
  | "disk-full"
  | "outcome-unknown"
  | "internal" // a bug, at the node

export type ErrorCode =
  | NodeCode
  | "unreachable" // no node answered
  | "unexpected-answer" // what answers is no node
  | "aborted" // by the caller's signal
