// A pair of two runtimes: one node on Bun, the other on Deno, each of them as primary, and then with the runtimes changed
// on the same disks. What one of them wrote the other must read, hash and verify alike.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { expectDeclared } from "../http/declared.ts"
import { RealCommand } from "./real-command.ts"
import type { Program, RealNode } from "./real-node.ts"
import { RealPair } from "./real-pair.ts"

const password = "correct horse battery"

describe.each([
  ["bun", "deno"],
  ["deno", "bun"],
] as const)("a primary on %s and a replica on %s", (primary, replica) => {
  let pair: RealPair
  /** The version at which each was signed up. */
  const written = new Map<string, number>()
  /** The newest version that was acknowledged. */
  let newest = 0

  beforeAll(async () => {
    pair = await (await RealPair.make({ primary, replica })).start()
  })
  afterAll(() => pair.remove())

  const execute = async (body: object, key?: string) => {
    const answer = await pair.a.do(body, key)
    expect([answer.status, answer.body["detail"]]).toEqual([200, undefined])
    newest = Math.max(newest, answer.body["version"] as number)
    return answer
  }

  const signUp = async (id: string) => {
    const operations = [
      { op: "user.create", data: { id, email: `${id}@example.com`, name: `Ünï ${id}`, data: { nested: [1, null, "€😀"] } }, as: "u" },
      { op: "credential.setPassword", data: { userId: { $ref: "u.id" }, password } },
      { op: "document.put", data: { collection: "goals", id, value: { owner: id, n: written.size, ratio: 0.1 } } },
    ]
    const { body } = await execute({ operations }, `sign-up-${id}`)
    written.set(id, body["version"] as number)
  }

  const isWhole = async () => {
    for (const [id, version] of written) {
      const [onA, onB] = await Promise.all(pair.nodes.map((node) => bodies(node, id, version)))
      expect(onA).toEqual(onB)
      expect(onA).toContain(`"email":"${id}@example.com"`)
    }
    const [a, b] = await Promise.all(pair.nodes.map((node) => node.json("/status/verify")))
    expect(a).toEqual(b)
    expect(a).toMatchObject({ problems: [], version: newest })
  }

  test("describe themselves alike, byte for byte, without a token", async () => {
    const [a = "", b] = await Promise.all(pair.nodes.map(async (node) => (await fetch(`${node.url}/openapi.json`)).text()))
    expect(a).toStartWith('{"openapi":"3.1.0"')
    expect(a === b).toBe(true)
  })

  test("take writes and read alike, byte for byte (I4)", async () => {
    await execute({ op: "collection.define", data: { name: "goals" } })
    for (const id of ["ada", "grace", "edsger"]) await signUp(id)
    await isWhole()
    const pages = await Promise.all(pair.nodes.map(async (node) => (await node.fetch("/users?limit=2")).text()))
    expect(pages[0]).toBe(pages[1] ?? "")
    expect((await pair.b.do({ op: "user.delete", data: { id: "ada" } })).status).toBe(421)
  })

  test("answer as they describe themselves", async () => {
    const paths = ["/status", "/status/verify", "/livez", "/readyz?for=sync", "/users", "/users/ada", "/users/ada/history", "/users/ada/sessions", "/goals", "/goals/ada/history", "/collections/goals", "/changes", "/log", "/log/1", "/do/sign-up-ada", "/do/unheard-of", "/users/nobody"]
    for (const node of pair.nodes) {
      for (const path of paths) {
        const response = await node.fetch(path)
        const text = await response.text()
        expectDeclared("GET", `${node.url}${path}`, undefined, { status: response.status, headers: response.headers, text, json: JSON.parse(text) as unknown })
      }
    }
  })

  test("verify a password that was set through the other runtime, and tell a wrong one", async () => {
    for (const node of pair.nodes) {
      expect(await verify(node, "ada@example.com", password)).toEqual({ match: true, userId: "ada" })
      expect(await verify(node, "ada@example.com", `${password}!`)).toEqual({ match: false })
      expect(await verify(node, "nobody@example.com", password)).toEqual({ match: false })
    }
  })

  test("refuse alike and leave nothing behind", async () => {
    const refused = await pair.a.do({ op: "user.create", data: { email: "ADA@example.com" } })
    expect([refused.status, refused.body["code"]]).toEqual([409, "unique"])
    await isWhole()
  })

  test("read the past alike (P7)", async () => {
    const patch = { op: "document.patch", data: { collection: "goals", id: "ada", patch: { n: 99 } } }
    await execute(patch)
    const [before, after] = [written.get("ada") ?? 0, newest]
    for (const node of pair.nodes) {
      expect(await node.json(`/goals/ada?at=${before}`)).toMatchObject({ value: { n: 0, ratio: 0.1 }, version: before })
      expect(await node.json(`/goals/ada?at=${after}`)).toMatchObject({ value: { n: 99 }, version: after })
    }
    const histories = await Promise.all(pair.nodes.map((node) => node.json("/goals/ada/history")))
    expect(histories[0]).toEqual(histories[1])
  })

  test.each([
    ["the primary is stopped", "a", "SIGTERM", { code: 0, signal: null }],
    ["the replica is stopped", "b", "SIGTERM", { code: 0, signal: null }],
    ["the primary is killed", "a", "SIGKILL", { code: null, signal: "SIGKILL" }],
    ["the replica is killed", "b", "SIGKILL", { code: null, signal: "SIGKILL" }],
  ] as const)("go on where they were when %s and started again (P1)", async (what, victim, signal, ending) => {
    expect(await pair[victim].stop(signal)).toEqual(ending)
    await pair.start()
    await isWhole()
    await signUp(what.replaceAll(" ", "-"))
    await isWhole()
  })

  test("give the first answer again for a key from before a restart (I8)", async () => {
    const ada = { operations: [{ op: "user.create", data: { id: "once", email: "once@example.com" } }] }
    const first = await execute(ada, "once")
    await pair.a.stop("SIGKILL")
    await pair.start()
    const again = await pair.a.do(ada, "once")
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([200, "true"])
    expect(again.body).toEqual(first.body)
    await isWhole()
  })

  test.each(["bun", "deno"] as const)("take an import from a command that runs on %s", async (program) => {
    const importing = new RealCommand(["import", "--collection", "goals", "--json"], { program, environment: { TANDEM_URL: pair.a.url, TANDEM_TOKEN: pair.a.rootKey } })
    const count = 1_000
    for (let n = 0; n < count; n += 1) await importing.give(`${JSON.stringify({ id: `${program}-${n}`, value: { n, text: "ü".repeat(500) } })}\n`)
    importing.endInput()
    expect([(await importing.ended).code, importing.err]).toEqual([0, ""])
    newest += count
    expect(JSON.parse(importing.out)).toMatchObject({ lines: count, already: 0, version: newest })
    await isWhole()
  })

  test("go on with the runtimes changed on the same disks", async () => {
    expect(await pair.a.stop()).toEqual({ code: 0, signal: null })
    expect(await pair.b.stop()).toEqual({ code: 0, signal: null })
    run(pair.a, replica)
    run(pair.b, primary)
    await pair.start()
    await isWhole()
    await signUp("on-other-runtimes")
    await isWhole()
    for (const node of pair.nodes) {
      expect(await verify(node, "ada@example.com", password)).toEqual({ match: true, userId: "ada" })
      expect(await verify(node, "on-other-runtimes@example.com", password)).toEqual({ match: true, userId: "on-other-runtimes" })
    }
  })
})

function run(node: RealNode, program: Program): void {
  node.program = program
}

/** A user and a document as they were at a version, as the node wrote them. */
async function bodies(node: RealNode, id: string, version: number): Promise<string> {
  const answers = await Promise.all([`/users/${id}?at=${version}`, `/goals/${id}?at=${version}`].map((path) => node.fetch(path)))
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  return (await Promise.all(answers.map((answer) => answer.text()))).join("\n")
}

async function verify(node: RealNode, email: string, given: string): Promise<unknown> {
  const answer = await node.fetch("/verify", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email, password: given }) })
  expect(answer.status).toBe(200)
  return answer.json()
}
