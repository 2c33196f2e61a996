// user.create: a new user with an e-mail address of its own.
import * as v from "valibot"
import { refuse } from "../refusal.ts"
import { stampAt } from "./entity-shape.ts"
import { emailField, idField, jsonObjectField, nameField } from "./fields.ts"
import { operation } from "./operation.ts"
import { signingUp } from "./user-access.ts"
import { userExample, userShape } from "./user-shape.ts"
import { putUser } from "./user.ts"

const schema = v.strictObject({
  id: v.optional(idField),
  email: emailField,
  name: v.optional(v.nullable(nameField)),
  verified: v.optional(v.boolean()),
  data: v.optional(jsonObjectField),
})

export const userCreate = operation<v.InferOutput<typeof schema>>({
  name: "user.create",
  summary: "Makes a user, with an e-mail address of its own.",
  scope: "write",
  schema,
  result: userShape,
  example: {
    data: { id: "bob", email: "bob@example.com", name: "Bob", data: { plan: "free" } },
    result: { ...userExample, id: "bob", email: "bob@example.com", name: "Bob", data: { plan: "free" }, ...stampAt(5) },
  },
  target: ({ id }) => (id === undefined ? undefined : { collection: "users", id }),
  forUsers: signingUp,
  run: ({ id: asked, email, name, verified, data }, view) => {
    const id = asked ?? view.newId()
    if (view.versionOf("users", id) !== undefined) return refuse("unique", `There is a user \`${id}\` already.`, { pointer: "/id" })
    const refused = putUser(view, id, { email, name: name ?? null, verified: verified ?? false, disabled: false, data: data ?? {} })
    return refused ?? { kind: "entity", collection: "users", id }
  },
})
