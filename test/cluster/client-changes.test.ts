// The client's change feed from a real pair whose nodes are killed in mid-stream: every version once, in order, whichever node
// it came from.
import { afterEach, expect, test } from "bun:test"
import { type ChangedVersion, createService, type Cut, type Service } from "../../src/client/service.ts"
import { type RealPair, until } from "./real-pair.ts"
import { StartedPairs } from "./started-pairs.ts"

const pairs = new StartedPairs()
afterEach(() => pairs.remove())

function startedPair(flags: readonly string[] = []): Promise<RealPair> {
  return pairs.start({ flags: ["--peer-timeout", "2s", ...flags] })
}

/** Follows from the beginning of the store; what it saw grows. */
class Follower {
  readonly seen: ChangedVersion[] = []
  readonly cuts: Cut[] = []
  readonly ended: Promise<void>
  readonly #abort = new AbortController()

  constructor(service: Service, collections?: readonly string[]) {
    this.ended = this.#follow(service, collections)
    this.ended.catch(() => undefined)
  }

  get last(): number {
    return this.seen.at(-1)?.version ?? 0
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.ended
  }

  async #follow(service: Service, collections: readonly string[] | undefined): Promise<void> {
    const { signal } = this.#abort
    for await (const changed of service.changes({ since: 0, collections, signal, onCut: (cut) => this.cuts.push(cut) })) this.seen.push(changed)
  }
}

/** Page by page, from one node, once nothing is written any more. */
async function allChanges(pair: RealPair): Promise<readonly ChangedVersion[]> {
  const all: ChangedVersion[] = []
  for (let since = 0; ; ) {
    const { items, version, next } = (await pair.a.json(`/changes?since=${since}&limit=500`)) as { items: ChangedVersion[]; version: number; next: number }
    all.push(...items)
    if (next === version) return all
    since = next
  }
}

test("every change comes once and in order while either node is killed with SIGKILL again and again (P2)", async () => {
  const pair = await startedPair()
  pair.supervise()
  const { a, b } = pair
  const token = a.rootKey
  const service = createService({ url: a.url, replicaUrl: b.url, token, timeoutMs: 300_000 })
  await service.define({ name: "marks" })
  const followers = [
    new Follower(service),
    new Follower(createService({ url: a.url, token })),
    new Follower(createService({ url: b.url, token })),
    new Follower(createService({ url: b.url, replicaUrl: a.url, token }), ["marks"]),
  ]
  const behind = (version: number) => until(`all have seen version ${version}`, () => followers.every(({ last }) => last >= version), () => pair.printed)

  const marks = service.collection<{ readonly n: number }>("marks")
  let stopped = false
  let last = 0
  const writers = Array.from({ length: 4 }, async (_, lane) => {
    for (let n = 0; !stopped; n++) {
      const { version } = await marks.create({ n: lane * 1_000_000 + n })
      // Only now: a lane that waited long must not take back what the others have reached meanwhile.
      last = Math.max(last, version)
    }
  })
  for (const node of [a, b, a, b]) {
    await behind(last + 30)
    const { starts } = node
    node.kill()
    await until("it is started again", () => node.starts > starts)
  }
  await behind(last + 30)
  stopped = true
  await Promise.all(writers)
  await behind(last)
  await Promise.all(followers.map((follower) => follower.stop()))

  const all = await allChanges(pair)
  const [first, second, third, fourth] = followers.map(({ seen }) => seen)
  // Five times 30, of which four may not have been heard of.
  expect(all.length).toBeGreaterThan(5 * 26)
  expect(first).toEqual(all as ChangedVersion[])
  expect(second).toEqual(all as ChangedVersion[])
  expect(third).toEqual(all as ChangedVersion[])
  expect(fourth).toEqual(all.filter(({ changes }) => changes.every(({ collection }) => collection === "marks")))
  expect(followers.every(({ cuts }) => cuts.length > 0)).toBe(true)
})

test("where no stream comes through, pages are waited for, and nothing is left out", async () => {
  const pair = await startedPair()
  const token = pair.a.rootKey
  // As a runtime does that has no streams of bodies, or a proxy that collects an answer before it passes it on.
  const withoutBodies = async (url: string, init: RequestInit): Promise<Response> => {
    const isStream = new Headers(init.headers).get("accept") === "text/event-stream"
    return isStream ? new Response(null, { headers: { "content-type": "text/event-stream" } }) : fetch(url, init)
  }
  const writer = createService({ url: pair.a.url, token })
  const follower = new Follower(createService({ url: pair.b.url, token, surroundings: { fetch: withoutBodies } }), ["users"])
  const users: string[] = []
  for (let n = 0; n < 20; n++) users.push((await writer.createUser({ email: `${n}@example.com` })).id)
  await until("it has seen the last one", () => follower.last === writer.version, () => pair.printed)
  await follower.stop()
  expect(follower.seen.flatMap(({ changes }) => changes.map(({ id }) => id))).toEqual(users)
})
