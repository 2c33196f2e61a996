// `access` of collection.define, as clients write it: what is left out is for API keys only.
import * as v from "valibot"
import type { Rule } from "./access.ts"

const ruleField = v.custom<Rule>(
  (value) => typeof value === "string" && /^(server|user|public|owner:[a-zA-Z][a-zA-Z0-9_]{0,62})$/.test(value),
  'must be "server", "user", "public" or "owner:" and the name of a field',
)
const serversRule: Rule = "server"

export const accessField = v.strictObject({
  create: v.optional(ruleField, serversRule),
  read: v.optional(ruleField, serversRule),
  update: v.optional(ruleField, serversRule),
  delete: v.optional(ruleField, serversRule),
})
