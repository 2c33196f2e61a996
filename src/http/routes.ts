// Every public route, with the scope it needs and what it says of itself. The only place where a path is bound to what answers it.
import { backupAbout, getBackup } from "./backup.ts"
import { changesAbout, getChanges } from "./feed/changes.ts"
import { handoverAbout, postHandover, postPromote, postSolo, promoteAbout, soloAbout } from "./decisions.ts"
import { getOutcome, outcomeAbout } from "./do-outcome.ts"
import { postStream, streamAbout } from "./do-stream.ts"
import { postTransaction, transactionAbout } from "./do.ts"
import { entityAbout, getEntity } from "./entity.ts"
import { getHistory, historyAbout } from "./history.ts"
import { getList, listAbout } from "./lists/list.ts"
import { getLog, getRecord, logAbout, recordAbout } from "./log.ts"
import { getOpenApi, openApiAbout } from "./openapi/openapi.ts"
import type { Route } from "./route.ts"
import { getSessions, sessionsAbout } from "./sessions.ts"
import { getLive, getReady, getStatus, getStoreCheck, liveAbout, readyAbout, statusAbout, storeCheckAbout } from "./status.ts"
import { getUsers, usersAbout } from "./users.ts"
import { postVerify, verifyAbout } from "./verify.ts"

/** Users and definitions are collections like any other, so one entry answers all that have the same shape. */
export const routes: readonly Route[] = [
  { method: "GET", path: "/openapi.json", scope: "public", handler: getOpenApi, about: openApiAbout },
  { method: "GET", path: "/livez", scope: "public", handler: getLive, about: liveAbout },
  { method: "GET", path: "/readyz", scope: "public", handler: getReady, about: readyAbout },
  { method: "GET", path: "/status", scope: "any", handler: getStatus, about: statusAbout },
  { method: "GET", path: "/status/verify", scope: "admin", handler: getStoreCheck, about: storeCheckAbout },
  // Which scope an operation needs is checked for each; `any` would let keys without any write scope take the queue's room.
  { method: "POST", path: "/do", scope: "write", also: "everyone", handler: postTransaction, about: transactionAbout },
  { method: "POST", path: "/do/stream", scope: "write", handler: postStream, about: streamAbout },
  { method: "GET", path: "/do/:key", scope: "any", also: "sessions", handler: getOutcome, about: outcomeAbout },
  { method: "POST", path: "/verify", scope: "write", handler: postVerify, about: verifyAbout },
  { method: "POST", path: "/node/promote", scope: "admin", handler: postPromote, about: promoteAbout },
  { method: "POST", path: "/node/solo", scope: "admin", handler: postSolo, about: soloAbout },
  { method: "POST", path: "/node/handover", scope: "admin", handler: postHandover, about: handoverAbout },
  { method: "GET", path: "/node/backup", scope: "admin", handler: getBackup, about: backupAbout },
  { method: "GET", path: "/log", scope: "log", handler: getLog, about: logAbout },
  { method: "GET", path: "/log/:version", scope: "log", handler: getRecord, about: recordAbout },
  { method: "GET", path: "/changes", scope: "read", also: "everyone", handler: getChanges, about: changesAbout },
  { method: "GET", path: "/users", scope: "read", also: "everyone", handler: getUsers, about: usersAbout },
  { method: "GET", path: "/users/:id/sessions", scope: "read", also: "sessions", handler: getSessions, about: sessionsAbout },
  { method: "GET", path: "/:collection", scope: "read", also: "everyone", handler: getList, about: listAbout },
  { method: "GET", path: "/:collection/:id", scope: "read", also: "everyone", handler: getEntity, about: entityAbout },
  { method: "GET", path: "/:collection/:id/history", scope: "read", also: "everyone", handler: getHistory, about: historyAbout },
]
