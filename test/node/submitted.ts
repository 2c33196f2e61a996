// A transaction as the HTTP layer hands it over, from the body of a request.
import { parseTransaction } from "../../src/operations/envelope.ts"
import type { SubmittedTransaction } from "../../src/operations/transaction.ts"
import { isRefusal } from "../../src/refusal.ts"
import { emptyStore } from "../operations/empty-store.ts"

export function submitted(body: object, key?: string): SubmittedTransaction {
  const parsed = parseTransaction(body, {
    principal: { name: "root", scopes: ["admin"] },
    key,
    reader: emptyStore,
    allowTimes: false,
    hashPassword: () => Promise.reject(new Error("no passwords here")),
    verifyLogin: () => Promise.reject(new Error("no passwords here")),
  })
  if (isRefusal(parsed) || parsed instanceof Promise) throw new Error("the test made a bad request")
  return parsed
}
