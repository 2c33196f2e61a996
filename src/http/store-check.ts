// The full check of a node's store, as GET /status/verify runs it. At most one at a time: who comes later shares it.

export interface StoreReport {
  readonly committed: number
  readonly digest: string
  readonly problems: readonly unknown[]
  readonly counts: unknown
}

export class StoreCheck {
  readonly #run: () => Promise<StoreReport>
  #running: Promise<StoreReport> | undefined

  constructor(run: () => Promise<StoreReport>) {
    this.#run = run
  }

  report(): Promise<StoreReport> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }
}
