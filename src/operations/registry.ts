// Every operation of POST /do: one line each. Static imports, so that one executable holds them all.
import { collectionDefine } from "./collection-define.ts"
import { collectionDrop } from "./collection-drop.ts"
import { credentialLink } from "./credential-link.ts"
import { credentialRemove } from "./credential-remove.ts"
import { credentialSetPassword } from "./credential-set-password.ts"
import { credentialUnlink } from "./credential-unlink.ts"
import { documentCreate } from "./document-create.ts"
import { documentDelete } from "./document-delete.ts"
import { documentIncrement } from "./document-increment.ts"
import { documentPatch } from "./document-patch.ts"
import { documentPut } from "./document-put.ts"
import { keyCreate } from "./key-create.ts"
import { keyRevoke } from "./key-revoke.ts"
import type { Operation } from "./operation.ts"
import { revert } from "./revert.ts"
import { sessionCreate } from "./session-create.ts"
import { sessionRevoke } from "./session-revoke.ts"
import { sessionRevokeAll } from "./session-revoke-all.ts"
import { sessionTouch } from "./session-touch.ts"
import { tokenConsume } from "./token-consume.ts"
import { tokenCreate } from "./token-create.ts"
import { userCreate } from "./user-create.ts"
import { userDelete } from "./user-delete.ts"
import { userUpdate } from "./user-update.ts"

export const operations: readonly Operation<unknown>[] = [
  collectionDefine,
  collectionDrop,
  credentialLink,
  credentialRemove,
  credentialSetPassword,
  credentialUnlink,
  documentCreate,
  documentDelete,
  documentIncrement,
  documentPatch,
  documentPut,
  keyCreate,
  keyRevoke,
  revert,
  sessionCreate,
  sessionRevoke,
  sessionRevokeAll,
  sessionTouch,
  tokenConsume,
  tokenCreate,
  userCreate,
  userDelete,
  userUpdate,
]

const byName: ReadonlyMap<string, Operation<unknown>> = new Map(operations.map((operation) => [operation.name, operation]))

export function operationNamed(name: string): Operation<unknown> | undefined {
  return byName.get(name)
}
