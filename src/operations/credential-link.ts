// credential.link: an identity elsewhere becomes the user's. A server that has checked who it is logs the user in by its id.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { refuse } from "../refusal.ts"
import { userTerm } from "./account-entries.ts"
import { idField, nameField } from "./fields.ts"
import { identityShape } from "./identity-shape.ts"
import { identityTerm } from "./identity.ts"
import { operation } from "./operation.ts"
import { userMissing } from "./user.ts"

const schema = v.strictObject({ userId: idField, issuer: nameField, subject: nameField })

export const credentialLink = operation<v.InferOutput<typeof schema>>({
  name: "credential.link",
  summary: "Makes an identity at another issuer the user's.",
  scope: "write",
  schema,
  result: identityShape,
  example: { data: { userId: "ada", issuer: "https://id.example.com", subject: "8317" }, result: { userId: "ada", issuer: "https://id.example.com", subject: "8317" } },
  run: (link, view) => {
    const { userId } = link
    if (view.versionOf("users", userId) === undefined) return userMissing(userId, "/userId")
    const term = identityTerm(link)
    const held = view.holder("identities", term)
    if (held === undefined) {
      if (view.holders("identities", userTerm(userId)).length >= bounds.accountEntriesMax) {
        return refuse("conflict", `User \`${userId}\` has ${bounds.accountEntriesMax} identities already.`, { pointer: "/userId" })
      }
      view.put("identities", view.newId(), link, [term, userTerm(userId)])
    } else if (view.find("identities", held)?.["userId"] !== userId) {
      return refuse("unique", "Another user has this identity.", { pointer: "/subject" })
    }
    return { kind: "value", value: link }
  },
})
