// What POST /do and POST /do/stream answer, made from the registry of operations.
import * as v from "valibot"
import { timeShape, versionShape } from "../operations/entity-shape.ts"
import { operations } from "../operations/registry.ts"
import { problemShape } from "./problem-shape.ts"

const isTrue = v.literal(true)

/** One of each, in the order of the registry. */
export const resultShape = v.union([...new Set(operations.map(({ result }) => result))])

const results = v.pipe(v.array(resultShape), v.description("One for each operation, in their order."))
const secretsOmitted = v.pipe(isTrue, v.description("A secret that the first answer showed is not in this one."))

export const committedShape = v.strictObject({
  version: v.pipe(versionShape, v.description("The version that the transaction is; with `dryRun` the one that it would be.")),
  time: timeShape,
  results,
  secretsOmitted: v.exactOptional(secretsOmitted),
  dryRun: v.exactOptional(isTrue),
})

const line = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.description("Counted from 1, empty lines too."))

/** One line of a stream's answer. */
export const lineAnswerShape = v.union([
  v.strictObject({
    line,
    version: versionShape,
    replayed: v.exactOptional(v.pipe(isTrue, v.description("It was committed before, under the same key."))),
    secretsOmitted: v.exactOptional(secretsOmitted),
    dryRun: v.exactOptional(isTrue),
    results: v.exactOptional(results),
  }),
  v.strictObject({ line, problem: problemShape }),
])

export const outcomeShape = v.union([
  v.strictObject({ outcome: v.literal("committed"), version: versionShape }),
  v.strictObject({ outcome: v.literal("in-doubt") }),
])
