// The client as others install it: one module without imports, and types that a strict program of a browser compiles with.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildClient, type ClientSize } from "../../.ci/build-client.ts"

const root = join(import.meta.dirname, "../..")
const place = mkdtempSync(join(tmpdir(), "tandem-client-"))
const installed = join(place, "node_modules", "tandem")
let size: ClientSize

beforeAll(() => {
  mkdirSync(installed, { recursive: true })
  copyFileSync(join(root, "package.json"), join(installed, "package.json"))
  cpSync(join(root, "src", "client"), join(installed, "src", "client"), { recursive: true })
  size = buildClient(join(installed, "dist"))
})
afterAll(() => rmSync(place, { recursive: true }))

/** What the compiler says of a program in another package; its lines that are wrong. */
function compiled(program: string, resolution: { readonly module: string; readonly moduleResolution: string }): { readonly said: string; readonly lines: readonly number[] } {
  const compilerOptions = {
    ...resolution,
    target: "es2022",
    lib: ["DOM", "ES2022"],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  }
  writeFileSync(join(place, "package.json"), '{ "type": "module" }')
  writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }))
  writeFileSync(join(place, "program.ts"), program)
  const { stdout, stderr } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", place, "--pretty", "false"], { encoding: "utf8" })
  const said = `${stdout}${stderr}`
  return { said, lines: [...new Set([...said.matchAll(/program\.ts\((\d+),/g)].map((match) => Number(match[1])))] }
}

const bundler = { module: "preserve", moduleResolution: "bundler" }

const program = `
import { createService, TandemError, type ChangedVersion, type Document, type NewSession, type Operation, type Service, type User } from "tandem/client"

interface Goal { title: string; done?: boolean; stars: number; owner: string }

const service: Service = createService({ url: "https://a.example.com", replicaUrl: "https://b.example.com", token: "t", cache: 100 })

export async function signUp(email: string, password: string): Promise<User> {
  const { version, results: [user, , goal] } = await service.do([
    { op: "user.create", data: { email }, as: "u" },
    { op: "credential.setPassword", data: { userId: { $ref: "u.id" }, password } },
    { op: "document.create", data: { collection: "goals", value: { owner: { $ref: "u.id" }, title: "Read" } }, if: { absent: true } },
  ], { note: "sign-up" })
  const seen: number = version + goal.version
  return seen > 0 ? user : user
}

export async function planOf(id: string): Promise<string> {
  const user = await service.getUser<{ plan: string }>(id)
  await service.updateUser<{ plan: string }>(id, { data: { plan: null } })
  return user?.data.plan ?? String((await service.createUser({ email: "a@b.c", data: { plan: "free" } })).data.plan)
}

export async function logIn(email: string, password: string): Promise<string> {
  const session: NewSession = await service.session.create({ email, password, ttl: "12h", idle: "30m" })
  const rest: string = session.token + session.id + (session.idleExpiresAt ?? "")
  return rest
}

export async function goalsOf(id: string, signal: AbortSignal): Promise<readonly Document<Goal>[]> {
  const goals = service.collection<Goal>("goals")
  const made = await goals.create({ title: "Read", stars: 0, owner: id })
  await goals.patch(made.id, { done: null }, { if: { version: made.version } })
  const { value } = await goals.increment(made.id, "stars", 1, { max: 5 })
  const stars: number = value.stars
  const all: Document<Goal>[] = []
  for await (const goal of goals.list({ limit: 100, signal })) if (goal.value.stars >= stars) all.push(goal)
  for await (const { value } of goals.list({ where: { owner: id, stars: { gte: 3 }, done: true, createdAt: { lt: new Date() } }, sort: "-stars", fields: ["title"] })) {
    const title: string = value.title
    console.log(title)
  }
  const { count, items } = await service.collection("others").page({ where: { anything: { gt: 1 } }, sort: "createdAt", count: true })
  console.log(count ?? 0, items[0]?.value["anything"])
  for await (const { change, value } of goals.history(made.id)) if (change === "deleted" || value === null) break
  const before: Document<Goal> | undefined = await service.at(41).collection<Goal>("goals").get(made.id)
  return before === undefined ? all : [before, ...all]
}

export async function follow(since: number, signal: AbortSignal): Promise<void> {
  for await (const { version, changes } of service.changes({ since, collections: ["users", "goals"], signal })) console.log(version, changes.length)
  const goals = service.collection<Goal>("goals")
  for await (const changed of goals.changes({ since, signal, onCut: ({ reason }) => console.log(reason) })) {
    const { changes }: ChangedVersion<{ readonly value: Document<Goal> | null }> = changed
    console.log(changes[0]?.value?.value.title)
  }
}

export async function defined(owner: string): Promise<number> {
  const lists = await service.define({
    name: "lists",
    fields: {
      owner: { type: "reference", to: "users", required: true, onDelete: "cascade" },
      title: { type: "string", required: true, maxLength: 200 },
      kind: { type: "string", enum: ["work", "home"], required: true, default: "home" },
      due: { type: "time", index: true },
      stars: { type: "integer", min: 0, max: 5 },
      tags: { type: "json" },
      createdAt: { type: "time", index: true },
    },
    access: { create: "owner:owner", read: "owner:owner" },
  })
  const { value } = await lists.create({ owner, title: "Read", due: new Date(), stars: null })
  const kind: "work" | "home" = value.kind
  const due: string | null | undefined = value.due
  await lists.increment("l1", "stars", 1)
  for await (const list of lists.list({ where: { kind, due: { lt: new Date() } }, sort: "-createdAt" })) console.log(list.value.title, due)
  await service.define({ name: "users", fields: { plan: { type: "string", index: true } } })
  await service.define({ name: "anything", fields: null })
  const others = await service.define<{ n: number }>({ name: "others" })
  const lists2 = await service.getCollection("lists")
  return (await others.create({ n: 1 })).value.n + (lists2?.indexes["due"]?.state === "ready" ? 1 : 0)
}

export async function failure(operation: Operation<"user.create">): Promise<string> {
  try {
    await service.do([operation], { dryRun: true })
    return ""
  } catch (error) {
    if (!(error instanceof TandemError)) throw error
    if (error.code === "unique" || error.code === "unreachable") return error.hint ?? ""
    return error.outcome === "unknown" ? (error.key ?? "") : error.issues.map(({ pointer, message }) => pointer + message).join()
  }
}
`

describe("a strict program of a browser", () => {
  test.each([bundler, { module: "nodenext", moduleResolution: "nodenext" }])("compiles against the package (%o)", (resolution) => {
    expect(compiled(program, resolution)).toEqual({ said: "", lines: [] })
  })

  test("does not where it asks for what there is not", () => {
    const wrong = [
      'import { createService, type TandemError } from "tandem/client"',
      'const service = createService({ token: "t" })',
      'const goals = createService({ url: "u", token: "t" }).collection<{ title: string; stars: number }>("goals")',
      'goals.create({ title: "Read" })',
      'goals.increment("g1", "title", 1)',
      "goals.patch(\"g1\", { done: true })",
      'service.do([{ op: "user.make", data: { email: "a@b.c" } }])',
      'service.do([{ op: "user.create", data: { name: "Ada" } }])',
      'service.createUser({ email: "a@b.c" }, { if: { versions: 1 } })',
      'service.session.create({ email: "a@b.c" })',
      'service.getUser("u1").then((user) => user.email)',
      'service.at(41).createUser({ email: "a@b.c" })',
      'service.getUser("u1").catch((error: TandemError) => error.code === "uniq")',
      'service.define({ name: "a", fields: { n: { type: "int" } } })',
      'service.define({ name: "a", fields: { n: { type: "reference" } } })',
      'service.define({ name: "a", access: { read: "everybody" } })',
      'service.define({ name: "a", fields: { n: { type: "integer", required: true } } }).then((made) => made.create({}))',
      'service.define({ name: "a", fields: { n: { type: "string", enum: ["x"] } } }).then((made) => made.create({ n: "y" }))',
      'service.define({ name: "a", fields: { n: { type: "json" }, createdAt: { type: "time", index: true } } }).then((made) => made.create({ createdAt: "" }))',
      'goals.list({ where: { titel: "Read" } })',
      'goals.list({ where: { stars: "3" } })',
      'goals.list({ sort: "-titel" })',
      'goals.page({ fields: ["title"] }).then(({ items }) => items[0]?.value.stars)',
      'goals.list({ where: { stars: { gte: 3 }, title: "Read" }, sort: "-title", fields: ["title"] })',
    ]
    expect(compiled(wrong.join("\n"), bundler).lines).toEqual([2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23])
  })
})

describe("the module", () => {
  test("imports nothing, and is small", () => {
    const text = readFileSync(join(installed, "dist", "client.js"), "utf8")
    expect(text.match(/^\s*(import|export)\b.*\bfrom\b|\bimport\s*\(|\brequire\s*\(/gm)).toBeNull()
    expect(size.bytes).toBe(Buffer.byteLength(text))
    expect(size.zipped).toBeLessThan(8 * 1024)
  })

  test.each(["node", process.execPath, join(root, "node_modules/.bin/deno")])("is what `tandem/client` is for %s", (runtime) => {
    const file = join(place, "program.mjs")
    writeFileSync(file, 'import { createService, TandemError } from "tandem/client"\nconsole.log(typeof createService({ url: "http://a" }).getUser, new TandemError({ code: "c", message: "m" }).outcome)\n')
    const { stdout, stderr } = spawnSync(runtime, [...(runtime.endsWith("deno") ? ["run"] : []), file], { cwd: place, encoding: "utf8" })
    expect([stderr, stdout]).toEqual(["", "function not-committed\n"])
  })
})
