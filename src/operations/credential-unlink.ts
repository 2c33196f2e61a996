// credential.unlink: an identity elsewhere is nobody's again.
import * as v from "valibot"
import { refuse } from "../refusal.ts"
import { nameField } from "./fields.ts"
import { identityShape } from "./identity-shape.ts"
import { identityTerm } from "./identity.ts"
import { operation } from "./operation.ts"

const schema = v.strictObject({ issuer: nameField, subject: nameField })

export const credentialUnlink = operation<v.InferOutput<typeof schema>>({
  name: "credential.unlink",
  summary: "Takes an identity at another issuer away from its user.",
  scope: "write",
  schema,
  result: identityShape,
  example: { data: { issuer: "https://id.example.com", subject: "1815" }, result: { userId: "ada", issuer: "https://id.example.com", subject: "1815" } },
  run: (identity, view) => {
    const id = view.holder("identities", identityTerm(identity))
    if (id === undefined) return refuse("entity-missing", "Nobody has this identity.", { pointer: "/subject" })
    const userId = view.find("identities", id)?.["userId"]
    view.delete("identities", id)
    return { kind: "value", value: { userId, ...identity } }
  },
})
