// credential.unlink: an identity elsewhere is nobody's again.
import * as v from "valibot"
import { refuse } from "../refusal.ts"
import { nameField } from "./fields.ts"
import { identityTerm } from "./identity.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ issuer: nameField, subject: nameField })

export const credentialUnlink = operation<v.InferOutput<typeof schema>>({
  name: "credential.unlink",
  scope: "write",
  schema,
  run: (identity, view) => {
    const id = view.holder("identities", identityTerm(identity))
    if (id === undefined) return refuse("entity-missing", "Nobody has this identity.", { pointer: "/subject" })
    const userId = view.find("identities", id)?.["userId"]
    view.delete("identities", id)
    return { kind: "value", value: { userId, ...identity } }
  },
})
