// What the collection of the simulator is defined as, now one way and now another: indexes come and go, values become unique and
// need not be any more, references take with them what names them or let go of it. Each change fills what is there.
import { parseTransaction } from "../../src/operations/envelope.ts"
import type { SubmittedTransaction } from "../../src/operations/transaction.ts"
import { isRefusal } from "../../src/refusal.ts"
import { emptyStore } from "../operations/empty-store.ts"

export const noPasswords = () => Promise.reject(new Error("no passwords here"))
export const root = { name: "root", scopes: ["admin"] } as const

const owner = (onDelete: string) => ({ type: "reference", to: "users", onDelete })
const first = { n: { type: "integer" }, owner: owner("cascade"), code: { type: "string", unique: true } }
const others = [
  { n: { type: "number", index: true }, owner: owner("setNull"), code: { type: "string", index: true } },
  { n: { type: "integer" }, owner: owner("restrict"), code: { type: "string" } },
  { n: { type: "integer" }, owner: { type: "string" }, code: { type: "string", unique: true }, updatedAt: { type: "time", index: true } },
]

/** A definition is looked at before it queues, which takes a turn; runs have no turns, so all are made ahead. */
async function made(fields: object, key?: string): Promise<SubmittedTransaction> {
  const operations = [{ op: "collection.define", data: { name: "things", fields } }]
  const parsed = await parseTransaction({ operations }, { principal: root, ...(key === undefined ? {} : { key }), reader: emptyStore, allowTimes: false, hashPassword: noPasswords, verifyLogin: noPasswords })
  if (isRefusal(parsed)) throw new Error(parsed.detail)
  return parsed
}

export const definitionKey = "k1"
export const definition = await made(first, definitionKey)
/** Nobody asks for their outcome. The last one is the first again. */
export const redefinitions: readonly SubmittedTransaction[] = await Promise.all([...others, first].map((fields) => made(fields)))
