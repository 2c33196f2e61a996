// The client against real pairs: a primary that is killed again and again, reads on the replica, and every runtime.
import { afterEach, describe, expect, test } from "bun:test"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createService, type Service } from "../../src/client/service.ts"
import type { SmokeTarget } from "../client/smoke.ts"
import { BrowserPage, isBrowserHere } from "./browser-page.ts"
import { type RealPair, until } from "./real-pair.ts"
import { StartedPairs } from "./started-pairs.ts"

const repository = fileURLToPath(new URL("../..", import.meta.url))
const pairs = new StartedPairs()
afterEach(() => pairs.remove())

function startedPair(flags: readonly string[] = []): Promise<RealPair> {
  return pairs.start({ flags: ["--peer-timeout", "2s", ...flags] })
}

function serviceOf({ a, b }: RealPair): Service {
  return createService({ url: a.url, replicaUrl: b.url, token: a.rootKey, timeoutMs: 300_000 })
}

describe("while the primary is killed with SIGKILL again and again", () => {
  test("every write of the client resolves, and none is lost or done twice (P1, P3)", async () => {
    const pair = await startedPair()
    pair.supervise()
    const service = serviceOf(pair)
    const marks = service.collection<{ readonly mark: string }>("marks")
    await service.define({ name: marks.name })

    const acknowledged: string[] = []
    let stopped = false
    const writer = async (lane: number): Promise<void> => {
      for (let n = 0; !stopped; n++) {
        const mark = `${lane}-${n}`
        // Without an id, so that one which is done twice leaves two documents.
        const made = await marks.create({ mark })
        acknowledged.push(mark)
        const found = await createdSeen(made.id)
        if (found !== mark) throw new Error(`${mark} was acknowledged and reads as ${found}`)
      }
    }
    const createdSeen = async (id: string): Promise<string | undefined> => (await marks.get(id))?.value.mark
    const writers = Promise.all(Array.from({ length: 6 }, (_, lane) => writer(lane)))
    for (let kill = 0; kill < 4; kill++) {
      const before = acknowledged.length
      await Promise.race([writers, until("writes go on", () => acknowledged.length > before + 30, () => pair.printed)])
      const { starts } = pair.a
      pair.a.kill()
      await until("the primary is started again", () => pair.a.starts > starts)
    }
    stopped = true
    await writers

    const there: string[] = []
    for await (const { value } of marks.list({ limit: 500 })) there.push(value.mark)
    expect(there.sort()).toEqual(acknowledged.sort())
  })
})

describe("while users log in and the primary is killed with SIGKILL again and again", () => {
  test("every session has its token, and none is left that nobody has (P1, P3)", async () => {
    const pair = await startedPair()
    pair.supervise()
    const service = serviceOf(pair)
    const anybody = service.withToken(undefined)
    let done = 0
    let stopped = false
    const lane = async (name: string, by: Service): Promise<string> => {
      const login = { email: `${name}@example.com`, password: "correct horse" }
      const { id } = await service.createUser({ email: login.email })
      await service.setPassword(id, login.password)
      for (; !stopped; done++) {
        // By a server, which knows who it is, and by anybody, with the password.
        const { session, service: own } = await by.logIn(by === service ? { userId: id } : login)
        if ((await own.getUser(id))?.id !== id) throw new Error("a session was made that opens nothing")
        await (by === service ? by : own).logOut(session.id)
      }
      return id
    }
    const lanes = Promise.all([lane("ada", service), lane("bob", service), lane("cleo", anybody)])
    for (let kill = 0; kill < 3; kill++) {
      const before = done
      await Promise.race([lanes, until("log-ins go on", () => done > before + 10, () => pair.printed)])
      const { starts } = pair.a
      pair.a.kill()
      await until("the primary is started again", () => pair.a.starts > starts)
    }
    stopped = true
    for (const id of await lanes) expect(await listed(service.listSessions(id))).toEqual([])
  })
})

describe("where the answer to a write is lost after the node gave it", () => {
  test("the same call still ends with what the write did, once (P3)", async () => {
    const { a } = await startedPair()
    const lost: string[] = []
    const cutFirst = async (url: string, init: RequestInit): Promise<Response> => {
      const answer = await fetch(url, init)
      const key = new Headers(init.headers).get("idempotency-key")
      if (key === null || lost.includes(key)) return answer
      lost.push(key)
      await answer.arrayBuffer()
      throw new TypeError("the connection was cut")
    }
    const service = createService({ url: a.url, token: a.rootKey, surroundings: { fetch: cutFirst } })
    const user = await service.createUser({ email: "ada@example.com" })
    await service.setPassword(user.id, "correct horse")
    const { version, secretsOmitted } = await service.do([{ op: "key.create", data: { name: "other", scopes: ["read"] } }])

    expect(lost).toHaveLength(3)
    expect(await service.getUser(user.id)).toEqual(user)
    expect(await service.verify("ada@example.com", "correct horse")).toBe(user.id)
    // Only its hash is stored: nobody can show it a second time.
    expect(secretsOmitted).toBe(true)
    expect(await service.outcome(lost[2] ?? "")).toEqual({ outcome: "committed", version })
    // One version each, whatever the first of the store was.
    expect(await keysOf(service)).toEqual(lost)
  })

  test("a session, a token and a key that nobody was shown are made anew, and taken away", async () => {
    const { a } = await startedPair()
    const seen = new Set<string>()
    let cuts = 0
    const cut = async (url: string, init: RequestInit): Promise<Response> => {
      const answer = await fetch(url, init)
      const key = new Headers(init.headers).get("idempotency-key") ?? ""
      if (cuts === 0 || seen.has(key)) return answer
      cuts--
      seen.add(key)
      await answer.arrayBuffer()
      throw new TypeError("the connection was cut")
    }
    const service = createService({ url: a.url, token: a.rootKey, surroundings: { fetch: cut } })
    const { id: userId } = await service.createUser({ email: "ada@example.com" })
    await service.setPassword(userId, "correct horse")
    cuts = 2
    const session = await service.session.create({ email: "ada@example.com", password: "correct horse", idle: "1h" })
    cuts = 2
    const token = await service.createToken({ purpose: "reset", userId })
    cuts = 1
    const key = await service.createKey({ name: "web", scopes: ["read"] })

    expect(session.token).toStartWith("ts_")
    expect((await listed(service.listSessions(userId))).map(({ id }) => id)).toEqual([session.id])
    // Anybody may log in and revoke nothing: the session that is made in the end takes the lost ones away.
    await service.session.revoke(session.id)
    cuts = 2
    const { session: own, service: ada } = await service.withToken(undefined).logIn({ email: "ada@example.com", password: "correct horse" })
    expect((await listed(ada.listSessions(userId))).map(({ id }) => id)).toEqual([own.id])
    expect(await service.consumeToken(token.token, "reset")).toEqual({ id: token.id, purpose: "reset", userId, data: {} })
    expect(await service.consumeToken(token.token, "reset")).toBeUndefined()
    expect(await createService({ url: a.url, token: key.key }).getUser(userId)).toMatchObject({ id: userId })
    const asked = (await listed(service.log())).map(({ operations }) => operations.map(({ op }) => op).join(", "))
    const again = "session.revoke, session.create"
    const first = ["session.create", again, again, "token.create", "token.create", "token.create", "key.create", "key.revoke, key.create"]
    expect(asked.slice(2, -1)).toEqual([...first, "session.revoke", "session.create", "session.create", "session.create", "session.revoke", "session.revoke"])
  })
})

async function listed<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

async function keysOf(service: Service): Promise<readonly string[]> {
  return (await listed(service.log())).flatMap(({ key }) => (key === null ? [] : [key]))
}

describe("reads on the replica", () => {
  test("see what the same client wrote just before, and what another one whose version it was given did (P4)", async () => {
    const pair = await startedPair()
    const { a, b } = pair
    const writer = createService({ url: a.url, token: a.rootKey })
    const both = serviceOf(pair)
    for (let n = 0; n < 50; n++) {
      const { id } = await both.createUser({ email: `own${n}@example.com` })
      expect((await both.getUser(id))?.email).toBe(`own${n}@example.com`)
      await writer.updateUser(id, { name: `name ${n}` })
      const reader = createService({ url: b.url, token: a.rootKey, minVersion: writer.version })
      expect((await reader.getUser(id))?.name).toBe(`name ${n}`)
    }
  })

  test("wait for the version they must not be older than", async () => {
    const pair = await startedPair()
    const writer = serviceOf(pair)
    const { id } = await writer.createUser({ email: "ada@example.com" })
    const reader = createService({ url: pair.b.url, token: pair.a.rootKey, minVersion: writer.version + 1 })
    const read = reader.getUser(id)
    await writer.updateUser(id, { name: "Ada" })
    expect((await read)?.name).toBe("Ada")
  })

  test("go on while the primary is away, and writes that began meanwhile are done once it is back", async () => {
    const pair = await startedPair(["--when-stuck", "serve-reads"])
    const service = serviceOf(pair)
    const { id } = await service.createUser({ email: "ada@example.com" })
    await pair.a.stop("SIGKILL")
    expect((await service.getUser(id))?.email).toBe("ada@example.com")
    const update = service.updateUser(id, { name: "Ada" })
    if (!pair.b.running) pair.b.start()
    pair.a.start()
    pair.supervise()
    expect((await update).name).toBe("Ada")
    expect((await service.getUser(id))?.name).toBe("Ada")
  })

  test("a client that knows only the replica finds the primary for its writes", async () => {
    const { a, b } = await startedPair()
    const service = createService({ url: b.url, token: a.rootKey })
    const { id } = await service.createUser({ email: "ada@example.com" })
    expect(id).not.toBe("")
    expect((await service.getUser(id))?.email).toBe("ada@example.com")
  })
})

describe("the same program", () => {
  // The same, wherever it runs.
  const expected = [
    true, false, ["Read"], ["updated", "created"], ["unique", 409, "not-committed"], true, null, true, null, "primary",
    [2, ["conflict", "conflict"]], [["updated", false]], true, [true, "entity-missing", "entity-missing", "unauthenticated"], ["42", null], [true, 1, 1, 0], ["reset", null], [true, true, "Eva"],
    [["updated", null], ["updated", 2], ["updated", null], ["deleted", null]],
    [3, "1970-01-01T00:00:00.003Z", 2, "1970-01-01T00:00:00.002Z", 3, "invalid"],
  ]

  test("sees the same under Bun, Deno and Node", async () => {
    const pair = await startedPair()
    const bundle = join(pair.directory, "smoke.mjs")
    await printed([process.execPath, "build", "test/client/smoke-program.ts", "--target=node", `--outfile=${bundle}`])
    const runtimes = { bun: [process.execPath], deno: [join(repository, "node_modules/.bin/deno"), "run", "-A", "--no-prompt"], node: ["node"] }
    for (const [name, command] of Object.entries(runtimes)) {
      const saw = await printed([...command, bundle, pair.a.url, pair.b.url, pair.a.rootKey, name])
      expect({ name, saw: JSON.parse(saw) as unknown }).toEqual({ name, saw: expected })
    }
  })

  test.skipIf(!isBrowserHere)("sees the same in a browser, on a page from another origin", async () => {
    const page = await BrowserPage.serve()
    try {
      const pair = await startedPair(["--cors-origin", page.origin])
      const script = join(pair.directory, "smoke.js")
      await printed([process.execPath, "build", "test/client/smoke-page.ts", "--target=browser", `--outfile=${script}`])
      const target: SmokeTarget = { url: pair.a.url, replicaUrl: pair.b.url, token: pair.a.rootKey, name: "browser" }
      expect(await page.run(readFileSync(script, "utf8"), target, join(pair.directory, "profile"))).toEqual({ saw: expected })
    } finally {
      await page.close()
    }
  })
})

/** What a command prints, once it has ended well. */
function printed([program = "", ...parameters]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { cwd: repository, stdio: ["ignore", "pipe", "pipe"] })
    let out = ""
    let err = ""
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()))
    child.once("error", reject)
    child.once("close", (code) => (code === 0 ? resolve(out) : reject(new Error(`${program} ended with ${code}: ${err}`))))
  })
}
