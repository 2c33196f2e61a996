// A transaction that a node asks for itself, in the name of Tandem. Its operations are in no registry, so no client can send one.
import type { Operation } from "./operation.ts"
import type { Principal } from "./scope.ts"
import type { SubmittedTransaction } from "./transaction.ts"

const tandem: Principal = { name: "tandem", scopes: ["admin"] }

/** Nobody is told about it, so it describes nothing. */
export type InternalOperation<Data> = Pick<Operation<Data>, "name" | "scope" | "schema" | "run">

export function internalTransaction<Data>(operation: InternalOperation<Data>, data: NoInfer<Data>): SubmittedTransaction {
  const operationsText = JSON.stringify([{ op: operation.name, data }])
  return {
    principal: tandem,
    operations: [{ operation: operation as unknown as Operation<unknown>, data, hasReferences: false, as: undefined, condition: undefined, sealed: undefined, once: undefined }],
    operationsText,
    ifVersion: undefined,
    dryRun: false,
    note: undefined,
    key: undefined,
    atMs: undefined,
    bytes: 2 * operationsText.length + 256,
  }
}
