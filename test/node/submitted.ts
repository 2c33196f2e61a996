// A transaction as the HTTP layer hands it over, from the body of a request.
import { parseTransaction } from "../../src/operations/envelope.ts"
import type { SubmittedTransaction } from "../../src/operations/transaction.ts"
import { isRefusal } from "../../src/refusal.ts"
import { emptyStore } from "../operations/empty-store.ts"

const noPasswords = () => Promise.reject(new Error("no passwords here"))

function parse(body: object, key?: string) {
  return parseTransaction(body, {
    principal: { name: "root", scopes: ["admin"] },
    key,
    reader: emptyStore,
    allowTimes: false,
    hashPassword: noPasswords,
    verifyLogin: noPasswords,
  })
}

export function submitted(body: object, key?: string): SubmittedTransaction {
  const parsed = parse(body, key)
  if (isRefusal(parsed) || parsed instanceof Promise) throw new Error("the test made a bad request")
  return parsed
}

/** Of operations that have a secret to seal. */
export async function sealed(body: object, key?: string): Promise<SubmittedTransaction> {
  const parsed = await parse(body, key)
  if (isRefusal(parsed)) throw new Error("the test made a bad request")
  return parsed
}
