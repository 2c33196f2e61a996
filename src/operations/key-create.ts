// key.create: an API key with scopes. The answer shows it once; only its digest is stored.
import * as v from "valibot"
import { type ApiKeyFields, tokenHash, tokenPrefix, tokenTerm } from "./api-keys.ts"
import { onceShape, timeShape } from "./entity-shape.ts"
import { exampleIds, exampleTokens } from "./example-ids.ts"
import { nameField, timeField } from "./fields.ts"
import { operation } from "./operation.ts"
import { scopeSchema, scopes } from "./scope.ts"

const schema = v.strictObject({
  name: nameField,
  scopes: v.pipe(v.array(scopeSchema), v.minLength(1), v.maxLength(scopes.length)),
  expiresAt: v.optional(timeField),
})

export const keyCreate = operation<v.InferOutput<typeof schema>>({
  name: "key.create",
  summary: "Makes an API key with scopes. The answer shows it once; only its digest is stored.",
  scope: "admin",
  schema,
  result: v.strictObject({
    id: v.string(),
    name: v.string(),
    scopes: v.array(scopeSchema),
    expiresAt: v.nullable(timeShape),
    key: v.exactOptional(onceShape),
  }),
  example: { data: { name: "web", scopes: ["read"] }, result: { id: exampleIds.key, name: "web", scopes: ["read"], expiresAt: null, key: exampleTokens.key } },
  seal: async (data, { randomToken }) => {
    const key = randomToken(tokenPrefix)
    return { data, sealed: { hash: tokenHash(key) }, repeatable: false, once: { key } }
  },
  run: ({ name, scopes: granted, expiresAt }, view, sealed) => {
    const id = view.newId()
    const fields: ApiKeyFields = { name, scopes: granted, expiresAt: expiresAt ?? null }
    view.put("keys", id, fields, [tokenTerm((sealed as { hash: string }).hash)])
    return { kind: "value", value: { id, ...fields } }
  },
})
