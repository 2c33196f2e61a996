// From the JSON of a request to a transaction for the writer: everything that can be checked without the state.
import { bounds } from "../bounds.ts"
import { digestOf } from "../protocol/digest.ts"
import { type Issue, isRefusal, type Refusal, refuse } from "../refusal.ts"
import { randomBytes, randomToken } from "../runtime/random.ts"
import { asPattern, lineEntries, operationEntries, transactionEntries } from "./envelope-shape.ts"
import { idempotencyKeyRule, isIdempotencyKey, keyHash } from "./idempotency-key.ts"
import { escapePointer } from "./json-rules.ts"
import { isObject } from "./merge-patch.ts"
import type { Condition, SealContext } from "./operation.ts"
import { whyNotFor } from "./operation-access.ts"
import { checkData, checkSecrets } from "./operation-data.ts"
import { quoted } from "./quoted.ts"
import { hasReference } from "./references.ts"
import { operationNamed } from "./registry.ts"
import type { Principal } from "./scope.ts"
import { parseTime } from "./times.ts"
import type { SubmittedOperation, SubmittedTransaction } from "./transaction.ts"

export interface EnvelopeOptions {
  readonly principal: Principal
  /** From the `Idempotency-Key` header; a line of a stream carries its own. */
  readonly key?: string | undefined
  /** A line of POST /do/stream: may have `key` and `at`. */
  readonly line?: boolean
  /** Whether `at` may be given. */
  readonly allowTimes: boolean
  readonly hashPassword: SealContext["hashPassword"]
  readonly verifyLogin: SealContext["verifyLogin"]
  readonly reader: SealContext["reader"]
}

interface Envelope {
  /** One operation, sent without a list: pointers to its fields name them right away. */
  readonly bare: boolean
  readonly operations: readonly unknown[]
  readonly ifVersion: number | undefined
  readonly dryRun: boolean
  readonly note: string | undefined
  readonly key: string | undefined
  readonly atMs: number | undefined
}

/** Synchronous unless an operation has a secret to seal. */
export function parseTransaction(value: unknown, options: EnvelopeOptions): SubmittedTransaction | Refusal | Promise<SubmittedTransaction | Refusal> {
  const envelope = readEnvelope(value, options)
  if (isRefusal(envelope)) return envelope
  const checked = readOperations(envelope, options.principal)
  if (isRefusal(checked)) return checked
  if (!checked.some(({ operation }) => operation.seal !== undefined)) return submitted(envelope, checked, checked.map(() => true), options)
  return seal(envelope, checked, options)
}

const envelopeFields: ReadonlySet<string> = new Set(Object.keys(transactionEntries))
const lineFields: ReadonlySet<string> = new Set(Object.keys(lineEntries))
const operationFields: ReadonlySet<string> = new Set(["op", "data", ...Object.keys(operationEntries)])

function readEnvelope(value: unknown, options: EnvelopeOptions): Envelope | Refusal {
  if (!isObject(value)) return refuse("malformed", "The body must be a JSON object.", { pointer: "" })
  const bare = "op" in value
  const line = options.line === true
  for (const field of Object.keys(value)) {
    const known = envelopeFields.has(field) || (bare ? operationFields.has(field) : field === "operations") || (line && lineFields.has(field))
    if (!known) return refuse("malformed", `${quoted(field)} is no field of a transaction.`, { pointer: `/${escapePointer(field)}` })
  }
  const key = line ? value["key"] : options.key
  if (key !== undefined && !isIdempotencyKey(key)) return refuse("malformed", `\`key\` ${idempotencyKeyRule}.`, { pointer: "/key" })
  if (value["at"] !== undefined && !options.allowTimes) {
    return refuse("malformed", "`at` is only taken where times are kept.", { pointer: "/at", hint: "Send the stream with keepTimes=true." })
  }
  const atMs = timeOf(value["at"])
  if (isRefusal(atMs)) return atMs
  const { ifVersion, dryRun, note } = value
  const operations = bare ? [Object.fromEntries(Object.entries(value).filter(([field]) => operationFields.has(field)))] : value["operations"]
  if (!Array.isArray(operations) || operations.length === 0) {
    return refuse("malformed", "`operations` must be a list of at least one operation.", { pointer: "/operations" })
  }
  if (operations.length > bounds.operationsMax) {
    return refuse("too-large", `A transaction has at most ${bounds.operationsMax} operations; this one has ${operations.length}.`, { pointer: "/operations" })
  }
  if (ifVersion !== undefined && !(Number.isSafeInteger(ifVersion) && (ifVersion as number) >= 0)) {
    return refuse("malformed", "`ifVersion` must be a version.", { pointer: "/ifVersion" })
  }
  if (dryRun !== undefined && typeof dryRun !== "boolean") return refuse("malformed", "`dryRun` must be true or false.", { pointer: "/dryRun" })
  if (note !== undefined && !(typeof note === "string" && note.length <= bounds.noteLengthMax)) {
    return refuse("malformed", `\`note\` must be a text of at most ${bounds.noteLengthMax} characters.`, { pointer: "/note" })
  }
  return { bare, operations, ifVersion: ifVersion as number | undefined, dryRun: dryRun === true, note, key, atMs }
}

function timeOf(at: unknown): number | undefined | Refusal {
  if (at === undefined) return undefined
  const timeMs = typeof at === "string" ? parseTime(at) : undefined
  if (timeMs === undefined || timeMs < 0) return refuse("malformed", "`at` must be a time since 1970, such as 2026-01-31T12:00:00Z.", { pointer: "/at" })
  return timeMs
}

/** Of one operation, checked but not sealed. */
type Checked = Omit<SubmittedOperation, "sealed" | "once">

function readOperations({ operations, bare }: Envelope, principal: Principal): Checked[] | Refusal {
  const checked: Checked[] = []
  const issues: Issue[] = []
  const names = new Set<string>()
  for (const [index, value] of operations.entries()) {
    const one = readOperation(value, index, bare ? "" : `/operations/${index}`, principal)
    if (isRefusal(one)) return one
    if (one.as !== undefined && names.has(one.as)) {
      return refuse("malformed", `Two operations are named \`${one.as}\`.`, { operation: index, pointer: `/operations/${index}/as` })
    }
    if (one.as !== undefined) names.add(one.as)
    const data = one.hasReferences ? checkSecrets(one.operation, one.data, index) : checkData(one.operation, one.data, index)
    if ("issues" in data) issues.push(...data.issues)
    else checked.push({ ...one, data: data.data })
  }
  const first = issues[0]
  if (first === undefined) return checked
  return refuse("invalid", `The data of operation ${first.operation ?? 0} is invalid: ${quoted(first.pointer)} ${first.message}.`, {
    ...(first.operation === undefined ? {} : { operation: first.operation }),
    pointer: first.pointer,
    issues,
  })
}

function readOperation(value: unknown, index: number, pointer: string, principal: Principal): Checked | Refusal {
  const at = (field: string) => ({ operation: index, pointer: `${pointer}${field}` })
  if (!isObject(value)) return refuse("malformed", `Operation ${index} must be an object with \`op\` and \`data\`.`, at(""))
  for (const field of Object.keys(value)) {
    if (!operationFields.has(field)) return refuse("malformed", `${quoted(field)} is no field of an operation.`, at(`/${escapePointer(field)}`))
  }
  const { op, data, as } = value
  if (typeof op !== "string") return refuse("malformed", `Operation ${index} has no \`op\`.`, at("/op"))
  const operation = operationNamed(op)
  if (operation === undefined) return refuse("unknown-operation", `There is no operation ${quoted(op)}.`, at("/op"))
  if (as !== undefined && !(typeof as === "string" && asPattern.test(as))) {
    return refuse("malformed", "`as` must be a name of letters, digits, _ and -.", at("/as"))
  }
  const refused = whyNotFor(principal, operation)
  if (refused !== undefined) return { ...refused, ...at("/op") }
  const condition = conditionOf(value["if"])
  if (condition === "invalid") {
    return refuse("malformed", '`if` must be {"version": n}, {"absent": true} or {"present": true}.', at("/if"))
  }
  return { operation, data: data ?? {}, hasReferences: hasReference(data), as, condition }
}

function conditionOf(value: unknown): Condition | undefined | "invalid" {
  if (value === undefined) return undefined
  if (!isObject(value) || Object.keys(value).length !== 1) return "invalid"
  const { version, absent, present } = value
  if (Number.isSafeInteger(version) && (version as number) >= 0) return { version: version as number }
  if (absent === true) return { absent }
  if (present === true) return { present }
  return "invalid"
}

async function seal(envelope: Envelope, checked: readonly Checked[], options: EnvelopeOptions): Promise<SubmittedTransaction | Refusal> {
  const sealed: SubmittedOperation[] = []
  const repeatable: boolean[] = []
  for (const [index, one] of checked.entries()) {
    const result = await one.operation.seal?.(one.data, {
      principal: options.principal,
      salt: saltOf(envelope.key, index, options),
      hashPassword: options.hashPassword,
      verifyLogin: options.verifyLogin,
      randomToken,
      reader: options.reader,
      committed: () => options.reader.position().committed,
    })
    if (isRefusal(result)) return { ...result, operation: index }
    sealed.push(result === undefined ? { ...one, sealed: undefined, once: undefined } : { ...one, data: result.data, sealed: result.sealed, once: result.once, checked: result.checked })
    repeatable.push(result?.repeatable ?? true)
  }
  return submitted(envelope, sealed, repeatable, options)
}

/** A retry under the same key seals to the same; another request never shares its salt. */
function saltOf(key: string | undefined, index: number, { reader, principal }: EnvelopeOptions): Uint8Array {
  if (key === undefined) return randomBytes(saltBytes)
  return digestOf(`salt\0${reader.identity().clusterId ?? ""}\0${principal.name}\0${key}\0${index}`).subarray(0, saltBytes)
}

const saltBytes = 16

function submitted(envelope: Envelope, checked: readonly (Checked | SubmittedOperation)[], repeatable: readonly boolean[], { principal }: EnvelopeOptions): SubmittedTransaction {
  const operations = checked.map((one) => ("sealed" in one ? one : { ...one, sealed: undefined, once: undefined }))
  const operationsText = JSON.stringify(operations.map((one) => stored(one, one.sealed)))
  const { key, ifVersion, note, atMs, dryRun } = envelope
  const same = repeatable.every(Boolean) ? operationsText : JSON.stringify(operations.map((one, n) => stored(one, repeatable[n] === true ? one.sealed : undefined)))
  return {
    principal,
    operations,
    operationsText,
    ifVersion,
    dryRun,
    note,
    key: key === undefined ? undefined : { text: key, hash: keyHash(principal.name, key), fingerprint: digestOf(`${same}\0${JSON.stringify([ifVersion, note, atMs])}`) },
    atMs,
    bytes: 2 * operationsText.length + 256,
  }
}

/** An operation as the record keeps it. */
function stored(one: SubmittedOperation, sealed: unknown): object {
  const { operation, data, as, condition } = one
  return { op: operation.name, data, as, if: condition, sealed }
}
