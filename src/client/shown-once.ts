// What is shown once: the secret of a session, a token or a key. Where the answer that showed it was lost, nobody has it and
// nobody can be shown it again. So another one is made, and the one without a secret is taken away in the same version.
import type { Operation, ResultOf } from "./operation.ts"
import { TandemError } from "./tandem-error.ts"
import { type OperationOptions, single, transact, type Transacted, type TransactionOptions } from "./transaction.ts"
import type { Transport } from "./transport.ts"

type Maker = Operation<"session.create" | "token.create" | "key.create">

/** How one is taken away that nobody has the secret of; undefined for those that end soon by themselves. */
export type TakeAway = ((id: string) => Operation) | undefined

export type WithSecret<Result, Name extends keyof Result> = Result & { readonly [Key in Name]-?: string }

export interface Shown<Asked extends Maker> {
  /** Its secret is never missing. */
  readonly result: ResultOf<Asked>
  /** Ids of those that nobody has the secret of, and that who asked may not take away. */
  readonly left: readonly string[]
}

export async function shownOnce<Asked extends Maker>(transport: Transport, make: Asked, takeAway: TakeAway, options: OperationOptions): Promise<Shown<Asked>> {
  const endMs = transport.endMs(options)
  return anotherWhereLost(transport, await transact(transport, ...single(make, options)), make, takeAway, { ...options, endMs })
}

export interface UntilEnd extends Pick<OperationOptions, "signal" | "note"> {
  readonly endMs: number
}

/** The last result of a transaction that is done, or, where its secret was lost, that of `make` alone. */
export async function anotherWhereLost<Asked extends Maker>(
  transport: Transport,
  first: Transacted<readonly unknown[]>,
  make: Asked,
  takeAway: TakeAway,
  { signal, note, endMs }: UntilEnd,
): Promise<Shown<Asked>> {
  const left: string[] = []
  let done = first
  while (done.secretsOmitted === true) {
    const { id } = done.results.at(-1) as ResultOf<Maker>
    // Conditions held when the first was made, and its key is spent.
    const options = { signal, note, timeoutMs: endMs - transport.surroundings.nowMs() }
    const instead = takeAway === undefined ? undefined : await inItsPlace(transport, takeAway(id), make, options)
    if (instead === undefined && takeAway !== undefined) left.push(id)
    done = instead ?? (await transact<readonly Operation[]>(transport, [make], options))
  }
  return { result: done.results.at(-1) as ResultOf<Asked>, left }
}

/** Undefined where who asks may not take it away, or where it is away already. */
async function inItsPlace(transport: Transport, takeAway: Operation, make: Operation, options: TransactionOptions): Promise<Transacted<readonly unknown[]> | undefined> {
  if (transport.token === undefined) return undefined
  try {
    return await transact<readonly Operation[]>(transport, [takeAway, make], options)
  } catch (error) {
    if (error instanceof TandemError && error.code === "entity-missing" && error.operation === 0) return undefined
    throw error
  }
}
