// The fields that operations share, as valibot schemas. Lengths are checked first: normalising a megabyte of combining
// marks takes minutes.
import * as v from "valibot"
import { bounds } from "../bounds.ts"
import { hiddenCollections } from "./hidden-collections.ts"
import { parseTime } from "./times.ts"

const control = /[\u0000-\u001f\u007f-\u009f]/

const plainText = (lengthMax: number) =>
  v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(lengthMax),
    v.regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, "must not hold control characters"),
    v.check((text) => text === text.normalize("NFC"), "must be in Unicode normal form C"),
  )

/** Neither `.` nor `..`: a URL's path cannot name them, whichever way they are encoded. */
export const idField = v.pipe(
  plainText(bounds.idLengthMax),
  v.check((id) => id !== "." && id !== "..", "must not be `.` or `..`"),
)
export const nameField = plainText(bounds.nameLengthMax)
export const emailField = v.pipe(
  v.string(),
  // As it was written, which trimming and normal form C may shorten.
  v.maxLength(4 * bounds.emailLengthMax),
  v.description(`An e-mail address of at most ${bounds.emailLengthMax} characters. White space around it is taken off.`),
  // One step, as what follows is said of its outcome: white space around an address is taken.
  v.transform((text) => text.trim().normalize("NFC")),
  v.maxLength(bounds.emailLengthMax),
  v.regex(/^[^\s@]+@[^\s@]+$/, "must be an e-mail address"),
  v.check((text) => !control.test(text), "must not hold control characters"),
)
export const passwordField = v.pipe(
  v.string(),
  v.maxLength(bounds.passwordLengthMax, `must have at most ${bounds.passwordPointsMax} characters`),
  // So that its length does not depend on how it was typed.
  v.normalize("NFC"),
  v.check((text) => [...text].length >= bounds.passwordPointsMin, `must have at least ${bounds.passwordPointsMin} characters`),
  v.check((text) => [...text].length <= bounds.passwordPointsMax, `must have at most ${bounds.passwordPointsMax} characters`),
)

/** The schema of an object or a record without lists: the library takes an empty one for an object. */
export function noList<Schema extends v.GenericSchema>(schema: Schema): Schema {
  const run = schema["~run"].bind(schema)
  const runOrRefuse: Schema["~run"] = (dataset, config) => {
    if (!Array.isArray(dataset.value)) return run(dataset, config)
    v._addIssue(schema, "type", dataset, config)
    return dataset as unknown as ReturnType<Schema["~run"]>
  }
  return Object.assign(schema, { "~run": runOrRefuse })
}

/** A time, kept in UTC with milliseconds. */
export const timeField = v.pipe(
  v.string(),
  v.check((text) => parseTime(text) !== undefined, "must be a time such as 2026-01-31T12:00:00Z"),
  v.metadata({ format: "date-time" }),
  v.transform((text) => new Date(parseTime(text) ?? Number.NaN).toISOString()),
)

export interface JsonObject {
  readonly [key: string]: unknown
}

export const jsonObjectField = v.pipe(
  v.custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value), "must be a JSON object"),
  v.metadata({ type: "object", additionalProperties: true }),
)

export const collectionNamePattern = /^[a-z][a-zA-Z0-9_-]*$/

/** Names that paths or rows of Tandem itself use, now or in what is planned. */
const reservedNames: ReadonlySet<string> = new Set([
  ...hiddenCollections, "users", "collections", "do", "verify", "log", "status", "livez", "readyz",
  "metrics", "changes", "openapi", "console", "admin", "history", "node", "promote", "solo", "backup", "events",
])

/** The name of a collection that may be defined. */
export const collectionNameField = v.pipe(
  v.string(),
  v.maxLength(bounds.collectionNameLengthMax),
  v.regex(collectionNamePattern, "must begin with a lower-case letter, then letters, digits, _ or -"),
  v.check((name) => !reservedNames.has(name), "is a reserved name"),
)
