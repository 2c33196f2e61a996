// Whose an identity elsewhere is, as the operations on it answer.
import * as v from "valibot"

export const identityShape = v.strictObject({ userId: v.string(), issuer: v.string(), subject: v.string() })
