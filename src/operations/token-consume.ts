// token.consume: uses a one-time token up. Of many who try at once the first in the log wins; nobody is told why theirs is none.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { refuse } from "../refusal.ts"
import { hasExpired } from "./account-entries.ts"
import { tokenHash, tokenTerm } from "./api-keys.ts"
import { jsonObjectShape } from "./entity-shape.ts"
import { exampleIds, exampleTokens } from "./example-ids.ts"
import { nameField } from "./fields.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ token: v.pipe(v.string(), v.maxLength(bounds.tokenLengthMax)), purpose: nameField })
type Data = v.InferOutput<typeof schema>

export const tokenConsume = operation<Data>({
  name: "token.consume",
  summary: "Uses a one-time token up. Of many who try at once, one succeeds.",
  scope: "write",
  schema,
  result: v.strictObject({
    id: v.string(),
    purpose: v.string(),
    userId: v.nullable(v.string()),
    data: jsonObjectShape,
  }),
  example: { data: { token: exampleTokens.oneTime, purpose: "reset" }, result: { id: exampleIds.oneTimeToken, purpose: "reset", userId: "ada", data: {} } },
  secretFields: ["token"],
  seal: async ({ token, ...open }) => ({ data: open as Data, sealed: { hash: tokenHash(token) }, repeatable: true }),
  run: ({ purpose: asked }, view, sealed) => {
    const id = view.holder("tokens", tokenTerm((sealed as { hash: string }).hash))
    const found = id === undefined ? undefined : view.find("tokens", id)
    // Judged by the record's time, so that it does not depend on who looks, or when.
    if (found === undefined || found["purpose"] !== asked || hasExpired(found, view.time)) return noToken
    view.delete("tokens", found.id)
    const { purpose, userId, data } = found
    return { kind: "value", value: { id: found.id, purpose, userId, data } }
  },
})

const noToken = refuse("entity-missing", "There is no such token: it is unknown, used or expired, or has another purpose.", { pointer: "/token" })
