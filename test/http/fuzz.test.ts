// Random requests against the whole public app on the real store: never a 500, never an exception, and a request that
// is refused leaves every table as it was, byte by byte. A failing seed says how to replay it.
import { expect, test } from "bun:test"
import { isRefusal } from "../../src/refusal.ts"
import { verifyStore } from "../../src/store/verify.ts"
import { Random } from "../sim/random.ts"
import { randomCredentials, randomLines, randomPath, randomTransaction } from "./fuzz-requests.ts"
import { type Answer, Harness, inside } from "./harness.ts"
import { expectAnswer, expectProblem } from "./problem-shape.ts"

const requestsPerSeed = 150
const firstSeed = Number(process.env["FUZZ_SEED"] ?? 1)
const seeds = Array.from({ length: Number(process.env["FUZZ_SEEDS"] ?? (process.env["FUZZ_SEED"] === undefined ? 24 : 1)) }, (_, n) => firstSeed + n)

const declared = {
  "/do": [200, 400, 401, 404, 409, 412, 413, 422, 429],
  "/verify": [200, 400, 429],
  read: [200, 400, 404, 405],
}
/** Of the lines of a stream: also those that were not run because an earlier one was refused. */
const lineStatuses = [...declared["/do"], 503]

class Run {
  readonly tandem = new Harness({ bodyBytesMax: 1024 * 1024 })
  /** By route and status, so that a test can see that the requests were not all of one kind. */
  readonly statuses = new Map<string, number>()
  readonly #random: Random
  #disk = this.tandem.node.reader.disk()

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  /** So that from the first request on there is something to be in the way. */
  async begin(): Promise<void> {
    await this.tandem.commit(
      ...["goals", "notes"].map((name) => ({ op: "collection.define", data: { name } })),
      ...["a", "b"].map((id) => ({ op: "user.create", data: { id, email: `${id}@x.org` } })),
      ...["a", "b", "c"].map((id) => ({ op: "document.create", data: { collection: "goals", id, value: {} } })),
    )
    this.#disk = this.tandem.node.reader.disk()
  }

  async next(): Promise<void> {
    const random = this.#random
    const kind = random.next()
    if (kind < 0.55) await this.#do(randomTransaction(random), random.chance(0.3) ? `k${random.between(0, 5)}` : undefined)
    else if (kind < 0.7) await this.#stream(randomLines(random), random.pick(["", "?results=true", "?onError=continue", "?keepTimes=true"]))
    else if (kind < 0.8) await this.#post("/verify", randomCredentials(random), "application/json")
    else await this.#get(randomPath(random))
  }

  async #do(body: string, key: string | undefined): Promise<void> {
    const answer = await this.#post("/do", body, "application/json", key)
    if (answer.status !== 200) return
    const isReplay = answer.headers.get("idempotency-replayed") !== null
    const isDry = inside(JSON.parse(body.replace(/^\ufeff/, "")), "dryRun") === true
    expect(inside(answer.json, "dryRun")).toBe(isDry && !isReplay ? true : undefined)
    if (!isReplay && !isDry) expect(inside(answer.json, "version")).toBe(this.tandem.node.committed())
  }

  async #stream(body: string, query: string): Promise<void> {
    const before = this.tandem.node.committed()
    const { text } = await this.#send("POST", `/do/stream${query}`, body, "application/x-ndjson")
    const lines = text.split("\n").filter((line) => line !== "").map((line): unknown => JSON.parse(line))
    for (const line of lines) {
      const problem = inside(line, "problem")
      if (problem === undefined) continue
      expectProblem(problem, Number(inside(problem, "status")))
      expect(lineStatuses).toContain(Number(inside(problem, "status")))
    }
    const committed = lines.filter((line) => inside(line, "problem") === undefined && inside(line, "replayed") === undefined && inside(line, "dryRun") === undefined)
    expect(committed.map((line) => inside(line, "version"))).toEqual(committed.map((_, n) => before + n + 1))
    this.#count("stream", 200)
    this.#expectChanged(committed.length > 0)
  }

  async #get(path: string): Promise<void> {
    const answer = await this.#send("GET", path)
    expect(declared.read).toContain(answer.status)
    this.#count("read", answer.status)
    this.#expectChanged(false)
  }

  async #post(path: "/do" | "/verify", body: string, type: string, key?: string): Promise<Answer> {
    const before = this.tandem.node.committed()
    const answer = await this.#send("POST", path, body, type, key)
    expect(declared[path]).toContain(answer.status)
    this.#count(path, answer.status)
    this.#expectChanged(path === "/do" && answer.status === 200 && this.tandem.node.committed() > before)
    return answer
  }

  async #send(method: string, path: string, body?: string, type?: string, key?: string): Promise<Answer> {
    const headers = { ...(type === undefined ? {} : { "content-type": type }), ...(key === undefined ? {} : { "idempotency-key": key }) }
    const { tandem } = this
    try {
      const answer = await tandem.send(method, path, { headers, ...(body === undefined ? {} : { body }) })
      expectAnswer(answer, answer.status)
      expect([tandem.reported, tandem.rethrown]).toEqual([[], []])
      return answer
    } catch (error) {
      throw new Error(`${method} ${path} ${body?.slice(0, 2_000) ?? ""}`, { cause: error })
    }
  }

  #expectChanged(changed: boolean): void {
    const disk = this.tandem.node.reader.disk()
    expect(disk !== this.#disk).toBe(changed)
    this.#disk = disk
  }

  #count(route: string, status: number): void {
    const name = `${route} ${status}`
    this.statuses.set(name, (this.statuses.get(name) ?? 0) + 1)
  }
}

test("random requests are answered as declared, and what is refused leaves no trace", async () => {
  const statuses = new Map<string, number>()
  for (const seed of seeds) {
    const run = new Run(seed)
    try {
      await run.begin()
      for (let n = 0; n < requestsPerSeed; n++) await run.next()
      const report = await verifyStore(run.tandem.node.reader, () => undefined)
      expect(isRefusal(report) ? report : report.problems).toEqual([])
    } catch (error) {
      throw new Error(`seed ${seed} fails; replay it with FUZZ_SEED=${seed} npx bun test test/http/fuzz.test.ts`, { cause: error })
    }
    for (const [name, count] of run.statuses) statuses.set(name, (statuses.get(name) ?? 0) + count)
  }
  // One seed alone may be one-sided.
  if (seeds.length < 20) return
  for (const status of declared["/do"].filter((one) => one !== 413 && one !== 429)) expect([status, (statuses.get(`/do ${status}`) ?? 0) >= 20]).toEqual([status, true])
  expect(statuses.get("/verify 200") ?? 0).toBeGreaterThan(20)
  expect(statuses.get("read 200") ?? 0).toBeGreaterThan(50)
})
