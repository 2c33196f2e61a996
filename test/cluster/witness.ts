// Remembers what clients were told and what they saw, and checks it: at once against every later read, and against both
// logs once the pair is back in sync. Never skips a check because something failed meanwhile.
import { inTurns } from "./in-turns.ts"
import type { RealNode } from "./real-node.ts"
import { type RealPair, until } from "./real-pair.ts"

export type Told =
  | { readonly kind: "acknowledged"; readonly version: number; readonly results: readonly unknown[] }
  /** Definitely not committed. */
  | { readonly kind: "refused"; readonly status: number; readonly code: string }
  | { readonly kind: "unknown" }

/** All tries at one transaction, under one key. */
export interface Attempt {
  readonly body: object
  told: Told
  readonly askedMs: number
  lastAskedMs: number
  /** When what is known of it was heard. */
  answeredMs: number
  /** Tries of which nobody heard what became of them, or not yet. */
  open: number
}

/** The transaction was not looked at: that says nothing of an earlier try, and the same may be sent again. */
export function isBlind({ status }: { readonly status: number }): boolean {
  return status >= 500 || status === 421
}

interface Sight {
  readonly path: string
  /** The version that the answer reflected. */
  readonly at: number
  readonly text: string
}

interface LogItem {
  readonly version: number
  readonly key: string | null
  readonly digest: string
  readonly writes: readonly { readonly collection: string; readonly id: string }[]
}

/** A promise that was broken, with what was said and what is. */
export class PromiseBroken extends Error {}

/** Whether both disks are checked whole as well, which takes longer the more is on them. */
export type Depth = "whole" | "news"

/** What is read again when a pair is back in sync, at most; the log is always compared whole. */
const readsMax = 300

export class Witness {
  acknowledged = 0
  refused = 0
  unknown = 0
  readonly #attempts = new Map<string, Attempt>()
  readonly #fresh = new Set<string>()
  readonly #sights: Sight[] = []
  /** The newest version of an entity that a client was told of, or saw, by node. */
  readonly #floors = new Map<string, number>()
  readonly #log: LogItem[] = []

  /** Whose outcome nobody was told. */
  get unknownKeys(): string[] {
    return [...this.#attempts].filter(([, { told }]) => told.kind === "unknown").map(([key]) => key)
  }

  /** One attempt at a transaction. The same key may be sent again, always with the same body. */
  async write(node: RealNode, body: object, key: string): Promise<Told> {
    const askedMs = performance.now()
    const attempt = this.#attempts.get(key) ?? { body, told: { kind: "refused", status: 503, code: "" }, askedMs, lastAskedMs: askedMs, answeredMs: askedMs, open: 0 }
    this.#attempts.set(key, attempt)
    this.#fresh.add(key)
    attempt.open++
    if (attempt.told.kind !== "acknowledged") {
      // Until the answer is here, nobody knows.
      attempt.told = { kind: "unknown" }
      attempt.lastAskedMs = askedMs
    }
    const told = await tell(node, body, key)
    this.#count(told)
    this.#learn(key, attempt, told)
    return told
  }

  #learn(key: string, attempt: Attempt, told: Told): void {
    if (attempt.told.kind === "acknowledged") {
      if (told.kind === "acknowledged") expectSame(`the version of ${key}`, told.version, attempt.told.version)
      return
    }
    attempt.answeredMs = performance.now()
    if (told.kind === "refused") attempt.open = isBlind(told) ? attempt.open - 1 : 0
    // Another try may still come to something, or have done so.
    attempt.told = told.kind === "refused" && attempt.open > 0 ? { kind: "unknown" } : told
  }

  has(key: string): boolean {
    return this.#attempts.has(key)
  }

  /** What is known of a key that was used. */
  attemptAt(key: string): Attempt {
    const attempt = this.#attempts.get(key)
    if (attempt === undefined) throw new Error(`nobody used ${key}`)
    return attempt
  }

  #count(told: Told): void {
    if (told.kind === "acknowledged") this.acknowledged++
    else if (told.kind === "refused") this.refused++
    else this.unknown++
  }

  /** From now on no node may show this entity as it was before `version`. */
  expectAtLeast(path: string, version: number): void {
    this.#raise(path, version)
  }

  /** Reads an entity. Undefined where the node cannot answer now; else it must be as new as anything known of it (P4). */
  async look(node: RealNode, path: string): Promise<{ readonly status: number; readonly text: string } | undefined> {
    // What counts is what was known before the question was asked.
    let floor = Math.max(this.#floors.get(path) ?? 0, this.#floors.get(`${node.url}${path}`) ?? 0)
    let response: Response
    let text: string
    try {
      response = await node.fetch(path)
      text = await response.text()
    } catch {
      return undefined
    }
    if (response.status === 503) return undefined
    const at = Number(response.headers.get("tandem-version"))
    // A replica that is cut off may be behind, and says so; what it shows must have been so.
    const mayLag = response.headers.get("tandem-stale") !== null && response.headers.get("tandem-role") === "replica"
    if (mayLag) floor = 0
    if (at < floor) throw new PromiseBroken(`P4: ${path} at ${node.url} is as of version ${at}, ${floor} was known before`)
    if (response.status === 404) return { status: 404, text }
    if (response.status !== 200) throw new PromiseBroken(`${path} at ${node.url}: ${response.status} ${text}`)
    const { version } = JSON.parse(text) as { readonly version: number }
    if (version < floor) throw new PromiseBroken(`P4: ${path} at ${node.url} is version ${version}, ${floor} was known before: ${text}`)
    this.#raise(`${node.url}${path}`, version)
    this.#sights.push({ path, at, text })
    return { status: 200, text }
  }

  #raise(name: string, version: number): void {
    this.#floors.set(name, Math.max(this.#floors.get(name) ?? 0, version))
  }

  /** Waits until the pair is in sync, turns every unknown outcome into the one true one, and checks everything. */
  async settle(pair: RealPair, depth: Depth = "whole"): Promise<void> {
    await pair.inSync()
    for (const [key, attempt] of this.#attempts) if (attempt.told.kind === "unknown") await this.#resolve(pair, key, attempt)
    await this.#readLogs(pair)
    this.#compareWithLog()
    await this.#compareOutcomes(pair)
    await this.#compareReads(pair)
    if (depth === "whole") await sameDigests(pair)
    this.#fresh.clear()
    this.#sights.length = 0
  }

  /** What transactions answered in detail: nobody asks for it any more, and there is much. */
  forgetResults(): void {
    for (const attempt of this.#attempts.values()) if (attempt.told.kind === "acknowledged") attempt.told = { ...attempt.told, results: [] }
  }

  async #resolve(pair: RealPair, key: string, attempt: Attempt): Promise<void> {
    await until(`the outcome of ${key} is known`, async () => {
      const node = pair.primary
      const told = await this.write(node, attempt.body, key)
      if (told.kind === "refused" && told.status === 421) pair.isNotPrimary(node)
      return told.kind === "acknowledged" || (told.kind === "refused" && !isBlind(told))
    }, () => pair.printed)
  }

  /** What is new in both logs since the last time, which must be the same. */
  async #readLogs(pair: RealPair): Promise<void> {
    for (let more = true; more; ) {
      const from = this.#log.length + 1
      const a = (await jsonOf(pair.a, `/log?from=${from}&limit=500`)) as Page
      // Nodes write by themselves, too: what the one shows the other one has, or is about to be told of.
      const last = a.items.at(-1)?.version ?? this.#log.length
      const b = (await jsonOf(pair.b, `/log?from=${from}&limit=500`, { "tandem-min-version": String(last) })) as Page
      expectSame("both logs", JSON.stringify(a.items), JSON.stringify(b.items.slice(0, a.items.length)))
      for (const item of a.items) {
        expectSame("the next version in the log", item.version, this.#log.length + 1)
        this.#log.push(item)
      }
      more = a.next !== null
    }
  }

  #compareWithLog(): void {
    const versions = new Map<string, number>()
    for (const { key, version } of this.#log) {
      if (key === null) continue
      if (versions.has(key)) throw new PromiseBroken(`P3: ${key} took effect twice, as version ${versions.get(key)} and ${version}`)
      versions.set(key, version)
    }
    for (const [key, { told }] of this.#attempts) {
      const version = versions.get(key)
      if (told.kind === "acknowledged" && version !== told.version) {
        throw new PromiseBroken(`P1: ${key} was acknowledged as version ${told.version}, and is ${version ?? "missing"}`)
      }
      if (told.kind === "refused" && version !== undefined) {
        throw new PromiseBroken(`P3: ${key} was definitely not committed (${told.status}), and is version ${version}`)
      }
    }
  }

  async #compareOutcomes({ nodes }: RealPair): Promise<void> {
    await inTurns([...this.#fresh], async (key) => {
      const told = this.#attempts.get(key)?.told
      const expected = told?.kind === "acknowledged" ? { outcome: "committed", version: told.version } : 404
      for (const node of nodes) {
        const { status, text } = await node.answer(`/do/${key}`)
        expectSame(`the outcome of ${key} at ${node.url}`, status === 200 ? text : String(status), typeof expected === "number" ? String(expected) : JSON.stringify(expected))
      }
    })
  }

  /** As of each version, what it wrote; and what clients have seen (P2, P7). The newest, where it is too much. */
  async #compareReads({ nodes }: RealPair): Promise<void> {
    const written = this.#log.slice(-readsMax).flatMap(({ version, writes }) =>
      writes.map(({ collection, id }) => `${collection === "collections" ? "/collections" : `/${collection}`}/${id}?at=${version}`),
    )
    await inTurns(written, async (path) => {
      const [a, b] = await Promise.all(nodes.map(async (node) => (await node.answer(path)).text))
      expectSame(`${path} on both nodes`, withoutRequestId(a), withoutRequestId(b))
    })
    await inTurns(this.#sights.slice(-readsMax), async ({ path, at, text }) => {
      for (const node of nodes) expectSame(`P2: ${path} as of ${at} at ${node.url}`, (await node.answer(`${path}?at=${at}`)).text, text)
    })
  }
}

interface Page {
  readonly items: readonly LogItem[]
  readonly next: number | null
}

async function tell(node: RealNode, body: object, key: string): Promise<Told> {
  try {
    const answer = await node.do(body, key)
    if (answer.status === 200) return { kind: "acknowledged", version: Number(answer.body["version"]), results: answer.body["results"] as readonly unknown[] }
    if (answer.body["code"] === "outcome-unknown") return { kind: "unknown" }
    if ([404, 409, 412, 421, 503, 507].includes(answer.status)) return { kind: "refused", status: answer.status, code: String(answer.body["code"]) }
    throw new PromiseBroken(`${key}: ${answer.status} ${JSON.stringify(answer.body)}`)
  } catch (error) {
    if (error instanceof PromiseBroken) throw error
    if (error instanceof DOMException && error.name === "TimeoutError") throw new PromiseBroken(`P3: ${key} hangs: neither an answer nor an end`)
    // Refused, cut or silent: only a retry can tell.
    return { kind: "unknown" }
  }
}

interface StoreCheck {
  readonly version: number
  readonly digest: string
  readonly problems: readonly unknown[]
}

/** Everything on both disks, checked by the nodes themselves: sound, and the same. */
export async function sameDigests({ nodes }: RealPair): Promise<StoreCheck> {
  let checked: readonly StoreCheck[] = []
  // One may just have written something by itself.
  await until("both check the same version", async () => {
    checked = (await Promise.all(nodes.map((node) => jsonOf(node, "/status/verify")))) as StoreCheck[]
    return checked[0]?.version === checked[1]?.version
  }, () => JSON.stringify(checked))
  for (const { problems } of checked) expectSame("problems", JSON.stringify(problems), "[]")
  const [a, b] = checked as [StoreCheck, StoreCheck]
  expectSame(`digests of both nodes at version ${a.version}`, a.digest, b.digest)
  return a
}

async function jsonOf(node: RealNode, path: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const { status, text } = await node.answer(path, { headers })
  if (status !== 200) throw new PromiseBroken(`GET ${path} at ${node.url}: ${status} ${text}`)
  return JSON.parse(text) as unknown
}

function expectSame(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new PromiseBroken(`${what}: ${String(found)}, not ${String(expected)}`)
}

/** Entities that are deleted or never shown are a problem document, which names no data. */
function withoutRequestId(text: string | undefined): string {
  return (text ?? "").replace(/"requestId":"[^"]*"/, "")
}
