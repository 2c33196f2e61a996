// token.create: a one-time token, for what a link in an e-mail may do once. The answer shows it once; only its digest is stored.
import * as v from "valibot"
import { makeRoom, userTerm } from "./account-entries.ts"
import { tokenHash, tokenTerm } from "./api-keys.ts"
import { durationField, timeAfter } from "./durations.ts"
import { onceShape, timeShape } from "./entity-shape.ts"
import { exampleIds, exampleTokens } from "./example-ids.ts"
import { idField, jsonObjectField, nameField } from "./fields.ts"
import { operation } from "./operation.ts"
import { userMissing } from "./user.ts"

export const oneTimePrefix = "to_"

/** Unless `ttl` says otherwise. */
const ttlDefault = "1h"

const schema = v.strictObject({
  purpose: nameField,
  userId: v.optional(idField),
  ttl: v.optional(durationField, ttlDefault),
  data: v.optional(jsonObjectField),
})

export const tokenCreate = operation<v.InferOutput<typeof schema>>({
  name: "token.create",
  summary: "Makes a token that works once, for links in e-mails. The answer shows it once; only its digest is stored.",
  scope: "write",
  schema,
  result: v.strictObject({ id: v.string(), expiresAt: timeShape, token: v.exactOptional(onceShape) }),
  example: {
    data: { purpose: "reset", userId: "ada", ttl: "15m" },
    result: { id: exampleIds.oneTimeToken, expiresAt: "2026-03-01T12:15:05.000Z", token: exampleTokens.oneTime },
  },
  seal: async (data, { randomToken }) => {
    const token = randomToken(oneTimePrefix)
    return { data, sealed: { hash: tokenHash(token) }, repeatable: false, once: { token } }
  },
  run: ({ purpose, userId, ttl, data }, view, sealed) => {
    if (userId !== undefined && view.versionOf("users", userId) === undefined) return userMissing(userId, "/userId")
    if (userId !== undefined) makeRoom(view, "tokens", userId)
    const id = view.newId()
    const expiresAt = timeAfter(view.time, ttl)
    const terms = [tokenTerm((sealed as { hash: string }).hash), ...(userId === undefined ? [] : [userTerm(userId)])]
    view.put("tokens", id, { purpose, userId: userId ?? null, data: data ?? {}, expiresAt }, terms)
    return { kind: "value", value: { id, expiresAt } }
  },
})
