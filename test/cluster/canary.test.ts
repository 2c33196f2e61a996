// Secrets with a mark, put through a real pair that is killed and has an operation throw: they are in nothing that either node
// answers or prints (one of them on Deno), in nothing that commands write, on no command line, and in no data file, in whatever spelling.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { inside } from "../http/harness.ts"
import { runCommand } from "./real-command.ts"
import type { RealNode } from "./real-node.ts"
import { pairSecret, RealPair, until } from "./real-pair.ts"

const password = "sekrit7 first pass word"
const secondPassword = "sekrit7 second pass word"
const wrongPassword = "sekrit7 wrong pass word"
const crashMark = "sekrit7-crash"

/** Makes an operation throw with all that it was given, as a bug would. */
const throwing = `
const entries = Object.entries
Object.entries = (value) => {
  if (typeof value === "object" && value !== null && Object.hasOwn(value, "${crashMark}")) throw new RangeError("${crashMark} " + JSON.stringify(value))
  return entries(value)
}
`

let pair: RealPair
/** Shown once to who made them. */
const tokens: string[] = []
/** What anybody was told since. */
const told: string[] = []
let commandLines = ""

beforeAll(async () => {
  pair = await RealPair.make({ replica: "deno", flags: ["--peer-timeout", "2s", "--forward-writes"] })
  writeFileSync(join(pair.directory, "throwing.ts"), throwing)
  await pair.start()
})
afterAll(() => pair.remove())

async function send(node: RealNode, operation: object, key?: string): Promise<unknown> {
  const { status, body } = await node.do(operation, key)
  const text = JSON.stringify(body)
  for (const [, token] of text.matchAll(/"((?:tk|ts|to)_[A-Za-z0-9_-]{43})"/g)) tokens.push(token ?? "")
  if (!tokens.some((token) => text.includes(token))) told.push(text)
  return { status, body }
}

async function read(node: RealNode, path: string, token = node.rootKey): Promise<void> {
  const answer = await fetch(`${node.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
  told.push(await answer.text(), ...[...answer.headers].map(([name, value]) => `${name}: ${value}`))
}

/** Each secret as it might be written: as it is, encoded, as its own bytes. */
function spellings(): Buffer[] {
  const texts = ["sekrit7", password, secondPassword, wrongPassword, ...tokens, ...tokens.map((token) => token.slice(3)), pair.a.rootKey, pairSecret]
  return texts.flatMap((text) => [
    Buffer.from(text),
    Buffer.from(text, "utf16le"),
    Buffer.from(Buffer.from(text).toString("hex")),
    Buffer.from(Buffer.from(text).toString("base64").replace(/=+$/, "").slice(0, -1)),
    Buffer.from(Buffer.from(text).toString("base64url").slice(0, -1)),
    ...(/^t[korst]_/.test(text) ? [Buffer.from(text.slice(3), "base64url"), Buffer.from(Buffer.from(text.slice(3), "base64url").toString("hex"))] : []),
  ])
}

function expectNone(what: string, bytes: Buffer | string): void {
  const searched = typeof bytes === "string" ? Buffer.from(bytes) : bytes
  for (const secret of spellings()) {
    const at = searched.indexOf(secret)
    const around = at < 0 ? "" : searched.subarray(Math.max(0, at - 60), at + 60).toString("latin1")
    expect([what, around]).toEqual([what, ""])
  }
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(directory, name)).isFile())
}

describe("secrets that went through a pair", () => {
  test("are put through both nodes, in requests that are taken and in those that are not", async () => {
    const { a, b } = pair
    for (const [node, name] of [[a, "ada"], [b, "bob"]] as const) {
      const login = { email: `${name}@example.com`, password }
      await send(node, { op: "user.create", data: { id: name, email: login.email } })
      await send(node, { op: "credential.setPassword", data: { userId: name, password } }, `set-${name}`)
      await send(node, { op: "session.create", data: login })
      await send(node, { op: "session.create", data: { ...login, password: wrongPassword } })
      await send(node, { op: "credential.setPassword", data: { userId: name, password: secondPassword, revokeSessions: true } })
      await send(node, { op: "session.create", data: { userId: name } })
      await send(node, { op: "key.create", data: { name: "k", scopes: ["read"] } }, `key-${name}`)
      await send(node, { op: "key.create", data: { name: "k", scopes: ["read"] } }, `key-${name}`)
      await send(node, { op: "token.create", data: { purpose: "reset", userId: name } })
      await send(node, { operations: [{ op: "token.consume", data: { token: tokens.at(-1), purpose: "reset" } }, { op: "credential.setPassword", data: { userId: name, password } }] })
      await send(node, { op: "token.consume", data: { token: tokens.at(-1), purpose: "reset" } })
      for (const wrong of [...tokens.slice(-4), wrongPassword]) {
        await send(node, { op: "credential.setPassword", data: { userId: name, password: [wrong] } })
        await send(node, { op: "user.update", data: { id: name, verified: wrong } })
        if (wrong.startsWith("t")) await send(node, { op: "session.revoke", data: { id: wrong } })
        const verified = await node.fetch("/verify", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ email: login.email, password: wrong }) })
        told.push(await verified.text())
      }
    }
    expect(tokens.length).toBeGreaterThanOrEqual(8)
    await send(a, { operations: [{ op: "collection.define", data: { name: "goals" } }, { op: "document.create", data: { collection: "goals", id: "g1", value: { n: 1 } } }] })
    commandLines = [a, b].map(({ pid }) => readFileSync(`/proc/${pid}/cmdline`, "utf8")).join("\n")
  })

  test("are in nothing that a node says of an operation that throws", async () => {
    const { a } = pair
    await a.stop()
    a.start({ environment: { BUN_OPTIONS: `--preload=${join(pair.directory, "throwing.ts")}` } })
    await pair.inSync()
    const body = JSON.stringify({ op: "document.patch", data: { collection: "goals", id: "g1", patch: { [crashMark]: password } } })
    const before = a.printed.length
    const answered = await a.fetch("/do", { method: "POST", headers: { "content-type": "application/json" }, body }).then((answer) => answer.text(), () => "no answer")
    told.push(answered)
    await until("it says that something is broken", () => a.printed.length > before, () => pair.printed)
    expect(a.printed.slice(before)).toContain("RangeError")
    await a.stop("SIGKILL")
    a.start()
    await pair.inSync()
    expect(await a.json("/goals/g1")).toMatchObject({ value: { n: 1 } })
  })

  test("are in no answer of either node, whatever is read", async () => {
    const { head } = (await pair.a.json("/status")) as { readonly head: number }
    const paths = ["/log?limit=500", "/changes?limit=500", "/users?sort=-email&count=true", "/users/ada", "/users/ada/history", "/users/ada/sessions", "/users/bob/history", "/goals/g1/history", "/collections", "/status", "/status/verify", "/openapi.json", "/do/set-ada", "/do/key-bob", "/readyz", "/credentials/ada", "/keys", "/sessions"]
    for (const node of pair.nodes) {
      for (const path of paths) await read(node, path)
      for (const token of tokens) await read(node, "/users/ada", token)
      for (let version = 1; version <= head; version++) for (const path of [`/log/${version}`, `/users?at=${version}`, `/users/ada?at=${version}`]) await read(node, path)
      const stream = await node.fetch("/changes?since=0", { headers: { accept: "text/event-stream" } })
      const reader = stream.body?.getReader()
      for (let text = ""; !text.includes(`id: ${head - 1}\n`) && !text.includes(`id: ${head}\n`); told.push(text)) text += new TextDecoder().decode((await reader?.read())?.value)
      await reader?.cancel()
    }
    expect(told.some((text) => text.includes('"credential.setPassword"'))).toBe(true)
    for (const text of told) expectNone("an answer", text)
  })

  test("are in nothing that commands print", async () => {
    const broken = join(pair.directory, "broken.jsonl")
    writeFileSync(broken, `{"op":"credential.setPassword","data":{"userId":"ada","password":${password}}}\n`)
    for (const node of pair.nodes) {
      const environment = { TANDEM_URL: node.url, TANDEM_TOKEN: node.rootKey }
      for (const command of [["import", broken], ["do", "credential.setPassword", "userId=ada", ...`password=${password}`.split(" ")], ["do", "{}", password], ["export"], ["log", "--json"], ["get", "users", "--json"], ["status", "--json"], ["verify", "--json"], ["do", "session.revoke", `id=${tokens[0]}`], ["do", "credential.setPassword", "userId=nobody", `password=${password}`], ["do", `{"op":"credential.setPassword","data":{"password":${password}}}`]]) {
        const { out, err } = await runCommand(command, { program: "bun", environment })
        expect((out + err).length).toBeGreaterThan(0)
        expectNone(`tandem ${command[0]}`, out + err)
      }
    }
  })

  test("are in nothing that the nodes printed, and on no command line", () => {
    expect(pair.printed).toContain("RangeError")
    expectNone("what was printed", pair.printed)
    expect(commandLines).toContain("--secret-file")
    expectNone("a command line", commandLines)
  })

  test("are in no file of either node, but for the root key in its own", async () => {
    const [a, b] = [await pair.a.json("/status/verify"), await pair.b.json("/status/verify")]
    expect(inside(a, "digest")).toBe(inside(b, "digest"))
    for (const node of pair.nodes) {
      await node.stop()
      const files = filesOf(node.data)
      expect(files).toContain("data.mdb")
      for (const name of files.filter((one) => one !== "root.key")) expectNone(name, readFileSync(join(node.data, name)))
      const hashed = readFileSync(join(node.data, "data.mdb"))
      expect(hashed.includes("$argon2id$") || hashed.includes("$scrypt$")).toBe(true)
    }
  })
})
