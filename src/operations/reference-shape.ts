// A reference to an earlier result: where it may stand in an operation's data, it may take the place of any value.
import * as v from "valibot"

/** Not an object with the entry `$ref`: many tools that read schemas would take that for a reference of the schema's own. */
export const referenceShape = v.pipe(
  v.record(v.pipe(v.string(), v.value("$ref")), v.string()),
  v.entries(1),
  v.description("A value from the result of an earlier operation of the transaction: `u.id` is the `id` of what was done `as` `u`."),
)
