// user.update: changes some fields of a user; `data` is a merge patch.
import * as v from "valibot"
import { stampAt } from "./entity-shape.ts"
import { emailField, idField, jsonObjectField, nameField } from "./fields.ts"
import { mergePatch } from "./merge-patch.ts"
import { operation } from "./operation.ts"
import { updatingUser } from "./user-access.ts"
import { userExample, userShape } from "./user-shape.ts"
import { putUser, type UserFields, userMissing } from "./user.ts"

const schema = v.strictObject({
  id: idField,
  email: v.optional(emailField),
  name: v.optional(v.nullable(nameField)),
  verified: v.optional(v.boolean()),
  disabled: v.optional(v.boolean()),
  data: v.optional(jsonObjectField),
})

export const userUpdate = operation<v.InferOutput<typeof schema>>({
  name: "user.update",
  summary: "Changes some fields of a user; `data` is a merge patch.",
  scope: "write",
  schema,
  result: userShape,
  example: {
    data: { id: "ada", verified: true, data: { plan: "free" } },
    result: { ...userExample, verified: true, data: { plan: "free" }, ...stampAt(1, 5) },
  },
  target: ({ id }) => ({ collection: "users", id }),
  forUsers: updatingUser,
  run: ({ id, email, name, verified, disabled, data }, view) => {
    const user = view.find("users", id) as (UserFields & object) | undefined
    if (user === undefined) return userMissing(id)
    const refused = putUser(view, id, {
      email: email ?? user.email,
      name: name === undefined ? user.name : name,
      verified: verified ?? user.verified,
      disabled: disabled ?? user.disabled,
      data: data === undefined ? user.data : (mergePatch(user.data, data) as UserFields["data"]),
    })
    return refused ?? { kind: "entity", collection: "users", id }
  },
})
