// A store on a real disk, filled through the real operations, and the real public app over it, in this process. No pair and no
// network: what is compared is what a read costs, whatever is stored.
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseTransaction } from "../../src/operations/envelope.ts"
import { isRefusal } from "../../src/refusal.ts"
import { openEnvironment } from "../../src/store/environment.ts"
import { Harness, rootToken } from "../http/harness.ts"
import { MemoryStore } from "../http/memory-store.ts"
import { quickPasswords } from "../http/quick-passwords.ts"

export interface Operation {
  readonly op: string
  readonly data: object
}

export class LoadedStore {
  readonly #directory = mkdtempSync(join(tmpdir(), "tandem-bench-"))
  readonly #store = new MemoryStore(openEnvironment(this.#directory))
  readonly #tandem = new Harness({}, quickPasswords, this.#store)

  get version(): number {
    return this.#store.committed
  }

  /** One version for each transaction; as many of them at once as a batch takes. */
  async load(transactions: readonly (readonly Operation[])[]): Promise<void> {
    const { node } = this.#tandem
    const submitted = transactions.map(async (operations) => {
      const parsed = await parseTransaction({ operations }, {
        principal: { name: "root", scopes: ["admin"] },
        allowTimes: false,
        hashPassword: quickPasswords.hash,
        verifyLogin: () => Promise.reject(new Error("nobody logs in here")),
        reader: node.reader,
      })
      if (isRefusal(parsed)) throw new Error(parsed.detail)
      const outcome = await node.submit(parsed)
      if (outcome.kind !== "committed") throw new Error(`not committed: ${JSON.stringify(outcome)}`)
    })
    await Promise.all(submitted)
  }

  /** Asks once, and looks at the answer. */
  async answer(path: string): Promise<unknown> {
    return (await this.#tandem.get(path)).json
  }

  /** Microseconds that one answer takes, of `count` in turn. */
  microseconds(path: string, count: number): number {
    const { app } = this.#tandem
    const request = new Request(`http://tandem.test${path}`, { headers: { authorization: `Bearer ${rootToken}` } })
    const began = performance.now()
    for (let n = 0; n < count; n++) {
      const response = app.fetch(request)
      if (!(response instanceof Response) || response.status !== 200) throw new Error(`${path} was not answered at once`)
    }
    return ((performance.now() - began) * 1_000) / count
  }

  async remove(): Promise<void> {
    await this.#store.close()
    rmSync(this.#directory, { recursive: true })
  }
}
