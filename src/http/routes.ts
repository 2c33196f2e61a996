// Every public route, with the scope it needs. The only place where a path is bound to what answers it.
import { getChanges } from "./changes.ts"
import { getOutcome } from "./do-outcome.ts"
import { postStream } from "./do-stream.ts"
import { postTransaction } from "./do.ts"
import { getEntity } from "./entity.ts"
import { getHistory } from "./history.ts"
import { getLog, getRecord } from "./log.ts"
import { getPage } from "./page.ts"
import type { Route } from "./route.ts"
import { getSessions } from "./sessions.ts"
import { getLive, getReady, getStatus, getStoreCheck } from "./status.ts"
import { getUsers } from "./users.ts"
import { postVerify } from "./verify.ts"

/** Users and definitions are collections like any other, so one entry answers all that have the same shape. */
export const routes: readonly Route[] = [
  { method: "GET", path: "/livez", scope: "public", handler: getLive },
  { method: "GET", path: "/readyz", scope: "public", handler: getReady },
  { method: "GET", path: "/status", scope: "any", handler: getStatus },
  { method: "GET", path: "/status/verify", scope: "admin", handler: getStoreCheck },
  // Which scope an operation needs is checked for each; `any` would let keys without any write scope take the queue's room.
  { method: "POST", path: "/do", scope: "write", also: "sessions", handler: postTransaction },
  { method: "POST", path: "/do/stream", scope: "write", handler: postStream },
  { method: "GET", path: "/do/:key", scope: "any", also: "sessions", handler: getOutcome },
  { method: "POST", path: "/verify", scope: "write", handler: postVerify },
  { method: "GET", path: "/log", scope: "log", handler: getLog },
  { method: "GET", path: "/log/:version", scope: "log", handler: getRecord },
  { method: "GET", path: "/changes", scope: "read", handler: getChanges },
  { method: "GET", path: "/users", scope: "read", handler: getUsers },
  { method: "GET", path: "/users/:id/sessions", scope: "read", also: "sessions", handler: getSessions },
  { method: "GET", path: "/:collection", scope: "read", handler: getPage },
  { method: "GET", path: "/:collection/:id", scope: "read", also: "sessions", handler: getEntity },
  { method: "GET", path: "/:collection/:id/history", scope: "read", handler: getHistory },
]
