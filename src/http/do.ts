// POST /do: one transaction in, its one true outcome out. A client that goes away changes nothing: once submitted, a
// transaction is the node's, and no abort signal reaches it.
import { stampAt } from "../operations/entity-shape.ts"
import { userExample } from "../operations/user-shape.ts"
import { parseTransaction } from "../operations/envelope.ts"
import { keyHash } from "../operations/idempotency-key.ts"
import { parseJson } from "../operations/json-rules.ts"
import type { SubmittedTransaction } from "../operations/transaction.ts"
import type { Outcome } from "../node/service.ts"
import { isRefusal, type Refusal } from "../refusal.ts"
import { checkContentType, readText } from "./body.ts"
import { committedShape } from "./do-shape.ts"
import type { Exchange } from "./exchange.ts"
import { forwardTarget, forwardWrite } from "./forward.ts"
import { keyHeader, keyOf, replayedHeader } from "./idempotency.ts"
import { verifyLogin } from "./login.ts"
import { outcomeUnknown } from "./outcome-unknown.ts"
import type { About } from "./route.ts"

export async function postTransaction(exchange: Exchange): Promise<Response> {
  const { node, request, shared } = exchange
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  const wrongType = checkContentType(request, "application/json")
  if (wrongType !== undefined) return exchange.problem(wrongType)
  const key = keyOf(request)
  if (isRefusal(key)) return exchange.problem(key)
  const why = node.whyNotWritable()
  const target = why === undefined ? undefined : forwardTarget(exchange, why)
  if (why !== undefined && target === undefined) return exchange.problem(key === undefined ? why : refusedUnder(exchange, key, why))
  const text = await readText(request, shared.settings.bodyBytesMax)
  if (isRefusal(text)) return exchange.problem(text)
  if (target !== undefined) return forwardWrite(exchange, target, text, key)
  exchange.takeForwardedAddress(text)

  const submitted = transactionOf(exchange, text, key)
  const transaction = submitted instanceof Promise ? await submitted : submitted
  if (isRefusal(transaction)) return exchange.problem(transaction)
  return answerOutcome(exchange, await outcomeOf(exchange, transaction))
}

/**
 * A retry that cannot be run says nothing of the attempt before it, which may be in doubt, here or on the other node's
 * disk only: its outcome is known once both are in sync.
 */
function refusedUnder({ node, principal }: Exchange, key: string, why: Refusal): Refusal {
  const version = node.reader.versionOfKey(keyHash(principal.name, key))
  if (version !== undefined && version > node.committed()) return outcomeUnknown(key)
  if (why.code !== "unavailable") return why
  return { ...why, key, hint: "Nothing was done now. An earlier try with this key that had no answer may yet be committed: send it again with the same key." }
}

function transactionOf(exchange: Exchange, text: string, key: string | undefined) {
  const json = parseJson(text)
  if (isRefusal(json)) return json
  return parseTransaction(json.value, {
    principal: exchange.principal,
    key,
    reader: exchange.node.reader,
    allowTimes: false,
    hashPassword: exchange.shared.passwords.hash,
    verifyLogin: (credentials) => verifyLogin(exchange, credentials),
  })
}

/** What `submit` throws is reported, and leaves the outcome unknown: the transaction may be on a disk. */
export async function outcomeOf(exchange: Exchange, transaction: SubmittedTransaction): Promise<Outcome> {
  try {
    return await exchange.node.submit(transaction)
  } catch (error) {
    exchange.shared.unexpected(error, "a submitted transaction")
    return { kind: "unknown", key: transaction.key?.text }
  }
}

function answerOutcome(exchange: Exchange, outcome: Outcome): Response {
  switch (outcome.kind) {
    case "committed": {
      const replayed = outcome.replayed ? { "idempotency-replayed": "true" } : undefined
      return exchange.fresh(committedJson(outcome), outcome.version, replayed)
    }
    case "dry-run": {
      const head = `{"dryRun":true,"version":${outcome.version}`
      return exchange.fresh(`${head},"time":"${timeText(outcome.timeMs)}","results":${outcome.results}}`, exchange.node.committed())
    }
    case "refused":
      return exchange.problem(outcome.refusal)
    case "unknown":
      return exchange.problem(outcomeUnknown(outcome.key))
    default:
      return outcome satisfies never
  }
}

/** `results` is JSON text already: nothing is parsed on the way out. */
function committedJson(outcome: Extract<Outcome, { kind: "committed" }>): string {
  const omitted = outcome.secretsOmitted ? ',"secretsOmitted":true' : ""
  return `{"version":${outcome.version},"time":"${timeText(outcome.timeMs)}","results":${outcome.results}${omitted}}`
}

function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

export const transactionAbout: About = {
  name: "do",
  summary: "A transaction: all of its operations, or none of them.",
  details:
    "Later operations see what earlier ones did, and may take values from their results by references. One operation may be sent bare. " +
    "Each operation names the scope that it needs of a key (`x-tandem-scope`), whether sessions and the public may ask for it as well, as far as access rules let them " +
    "(`x-tandem-for-users`), and what it answers (`x-tandem-result`).",
  query: [],
  headers: [keyHeader],
  body: { type: "application/json", schema: { component: "Transaction" } },
  answer: committedShape,
  answerHeaders: [replayedHeader],
  codes: [
    "unsupported-media-type",
    "too-large",
    "unknown-operation",
    "forbidden",
    "login-failed",
    "entity-missing",
    "collection-missing",
    "unique",
    "conflict",
    "trimmed",
    "precondition-failed",
    "not-primary",
    "invalid",
    "key-reused",
    "too-many-requests",
    "disk-full",
    "outcome-unknown",
  ],
  example: {
    path: "/do",
    body: {
      operations: [
        { op: "user.create", data: { id: "bob", email: "bob@example.com", name: "Bob" } },
        { op: "credential.setPassword", data: { userId: "bob", password: "correct horse battery" } },
      ],
      note: "sign-up",
    },
    answer: {
      version: 5,
      time: "2026-03-01T12:00:05.000Z",
      results: [{ ...userExample, id: "bob", email: "bob@example.com", name: "Bob", ...stampAt(5) }, { userId: "bob" }],
    },
  },
}
