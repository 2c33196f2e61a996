// One transaction: how it is sent, and what came of it. Its key is made before the first try, so that every try is the same.
import type { Condition, Operation, ResultOf, ResultsOf } from "./operation.ts"
import type { Transport, CallOptions } from "./transport.ts"

export interface TransactionOptions extends CallOptions {
  /** The version that the whole store must be at. */
  readonly ifVersion?: number | undefined
  /** Stays in the log and in histories. */
  readonly note?: string | undefined
  /** The idempotency key; made by the client where it is left out. Give one to send the same again after a crash of your own. */
  readonly key?: string | undefined
  /** Runs everything, answers what would come of it, and leaves no trace. */
  readonly dryRun?: boolean | undefined
}

/** Of the methods that do a single operation. */
export interface OperationOptions extends Omit<TransactionOptions, "dryRun"> {
  readonly if?: Condition | undefined
}

export interface Transacted<Results> {
  /** The version it is, or with `dryRun` would be. */
  readonly version: number
  /** RFC 3339, in UTC. */
  readonly time: string
  readonly results: Results
  readonly dryRun?: true
  /** Where the answer was asked for again: a secret that only the first one showed is missing. */
  readonly secretsOmitted?: true
}

export async function transact<const Asked extends readonly Operation[]>(
  transport: Transport,
  operations: Asked,
  { ifVersion, note, key, dryRun, ...call }: TransactionOptions = {},
): Promise<Transacted<ResultsOf<Asked>>> {
  const body = JSON.stringify({ operations, ifVersion, note, dryRun })
  // What leaves no trace needs no key.
  const own = dryRun === true ? undefined : (key ?? transport.surroundings.newKey())
  const answer = await transport.send({ ...call, method: "POST", path: "/do", body, first: "primary", key: own })
  return answer.json as Transacted<ResultsOf<Asked>>
}

/** A transaction of one operation; its result alone. */
export async function transactOne<Asked extends Operation>(transport: Transport, operation: Asked, options: OperationOptions = {}): Promise<ResultOf<Asked>> {
  const { results } = await transact(transport, ...single(operation, options))
  return results[0] as ResultOf<Asked>
}

export function single(operation: Operation, { if: condition, ...options }: OperationOptions): [readonly [Operation], TransactionOptions] {
  return [[condition === undefined ? operation : { ...operation, if: condition }], options]
}
