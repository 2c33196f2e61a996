// What is shown once: the secret of a session, a token or a key. Where the answer that showed it was lost, nobody has it and
// nobody can be shown it again. So another one is made, and the one without a secret is taken away in the same version.
import type { Operation, ResultOf } from "./operation.ts"
import { TandemError } from "./tandem-error.ts"
import { type OperationOptions, single, transact, type Transacted, type TransactionOptions } from "./transaction.ts"
import type { Transport } from "./transport.ts"

type Maker = Operation<"session.create" | "token.create" | "key.create">

/** How one is taken away that nobody has the secret of; undefined for those that end soon by themselves. */
type TakeAway = ((id: string) => Operation) | undefined

export type WithSecret<Result, Name extends keyof Result> = Result & { readonly [Key in Name]-?: string }

/** The operation's result; its secret is never missing. */
export async function shownOnce<Asked extends Maker>(transport: Transport, make: Asked, takeAway: TakeAway, options: OperationOptions): Promise<ResultOf<Asked>> {
  const { signal, note, timeoutMs = transport.timeoutMs } = options
  const { nowMs } = transport.surroundings
  const endMs = nowMs() + timeoutMs
  let done: Done = await transact(transport, ...single(make, options))
  while (done.secretsOmitted === true) {
    const { id } = done.results.at(-1) as ResultOf<Maker>
    // Conditions held when the first was made, and its key is spent.
    done = await another(transport, make, takeAway?.(id), { signal, note, timeoutMs: endMs - nowMs() })
  }
  return done.results.at(-1) as ResultOf<Asked>
}

type Done = Transacted<readonly unknown[]>

async function another(transport: Transport, make: Operation, takeAway: Operation | undefined, options: TransactionOptions): Promise<Done> {
  try {
    return await transact<readonly Operation[]>(transport, takeAway === undefined ? [make] : [takeAway, make], options)
  } catch (error) {
    // It ended meanwhile by itself.
    const isGone = takeAway !== undefined && error instanceof TandemError && error.code === "entity-missing" && error.operation === 0
    if (!isGone) throw error
    return transact(transport, [make], options)
  }
}
