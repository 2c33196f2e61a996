// The queue of password hashing: two at a time, sixty-four waiting, and a clear no to more. A login flood ends here.
import { expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { PasswordQueue } from "../../src/operations/passwords.ts"
import { isRefusal } from "../../src/refusal.ts"

/** Hashing that goes on until it is told to end. */
class SlowHashing {
  running = 0
  most = 0
  readonly started: string[] = []
  readonly #ends: ((fails: boolean) => void)[] = []

  readonly hashPassword = async (password: string): Promise<string> => {
    await this.#work(password)
    return `hash of ${password}`
  }

  readonly verifyPasswordHash = async (password: string, phc: string): Promise<boolean> => {
    await this.#work(password)
    return phc === `hash of ${password}`
  }

  readonly isOutdatedHash = (): boolean => false

  /** Ends the one that has run longest, and lets what it wakes begin. */
  async endOne({ fails = false } = {}): Promise<void> {
    this.#ends.shift()?.(fails)
    await turn()
  }

  async endAll(): Promise<void> {
    while (this.#ends.length > 0) await this.endOne()
  }

  async #work(password: string): Promise<void> {
    this.started.push(password)
    this.running += 1
    this.most = Math.max(this.most, this.running)
    try {
      await new Promise<void>((resolve, reject) => this.#ends.push((fails) => (fails ? reject(new Error("out of memory")) : resolve())))
    } finally {
      this.running -= 1
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const salt = new Uint8Array(16)

test("two run at a time, sixty-four wait, and the next is told to come back, all in their order", async () => {
  expect([bounds.hashConcurrencyMax, bounds.hashQueueMax]).toEqual([2, 64])
  const hashing = new SlowHashing()
  const queue = new PasswordQueue(hashing)
  const asked = Array.from({ length: 66 }, (_, n) => (n % 2 === 0 ? queue.hash(`p${n}`, salt) : queue.verify(`p${n}`, `hash of p${n}`)))
  await turn()
  expect(hashing.started).toEqual(["p0", "p1"])
  for (const refused of [await queue.hash("p66", salt), await queue.verify("p67", "")]) {
    expect(refused).toMatchObject({ refused: true, code: "unavailable", retryAfter: 1 })
  }
  await hashing.endAll()
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 66 }, (_, n) => (n % 2 === 0 ? `hash of p${n}` : true)))
  expect(hashing.started).toEqual(Array.from({ length: 66 }, (_, n) => `p${n}`))
  expect(hashing.most).toBe(2)
})

test("a place is given on, never taken by who comes in between", async () => {
  const hashing = new SlowHashing()
  const queue = new PasswordQueue(hashing)
  const first = ["a", "b", "c"].map((password) => queue.hash(password, salt))
  await turn()
  const ended = hashing.endOne()
  const late = queue.hash("d", salt)
  await ended
  expect([hashing.started, hashing.running]).toEqual([["a", "b", "c"], 2])
  await hashing.endAll()
  await Promise.all([...first, late])
  expect(hashing.most).toBe(2)
})

test("one that fails gives its place on, and so does the last", async () => {
  const hashing = new SlowHashing()
  const queue = new PasswordQueue(hashing)
  const asked = ["a", "b", "c", "d"].map((password) => queue.hash(password, salt).catch((error: Error) => error.message))
  await turn()
  await hashing.endOne({ fails: true })
  await hashing.endOne({ fails: true })
  expect(hashing.started).toEqual(["a", "b", "c", "d"])
  await hashing.endAll()
  expect(await Promise.all(asked)).toEqual(["out of memory", "out of memory", "hash of c", "hash of d"])
  const again = [queue.hash("e", salt), queue.hash("f", salt)]
  await turn()
  expect(hashing.running).toBe(2)
  await hashing.endAll()
  expect((await Promise.all(again)).some(isRefusal)).toBe(false)
})
