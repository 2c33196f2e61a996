// `tandem export`: all entities as of one version, and taken back by `tandem import` into an empty pair.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { RealPair } from "../cluster/real-pair.ts"
import { jsonLines, resultAt } from "./command-result.ts"

let pair: RealPair
let empty: RealPair

beforeAll(async () => {
  pair = await RealPair.make()
  empty = await RealPair.make()
  await Promise.all([pair.start(), empty.start()])
  await run("do", "collection.define", "name=goals")
  await run("do", "collection.define", "name=none")
  await run("do", "user.create", "id=ada", "email=Ada@b.c", "name=Ada", "verified=true", 'data={"plan":"pro","n":[1,null]}')
  await run("do", "user.create", "id=bob", "email=bob@b.c")
  await run("do", "user.update", "id=bob", "disabled=true")
  await run("do", "credential.setPassword", "userId=ada", "password=correct horse battery")
  const documents = Array.from({ length: 1_200 }, (_, n) => JSON.stringify({ id: `g/${n}`, value: { n, text: "愛\u001b\u009b\n" } }))
  expect((await runWith(documents.join("\n"), "import", "--collection", "goals")).code).toBe(0)
  await run("do", "document.delete", "collection=goals", "id=g/7")
})

afterAll(async () => {
  await pair.remove()
  await empty.remove()
})

const run = (...given: string[]) => resultAt(pair.a, given)
const runWith = (input: string, ...given: string[]) => resultAt(pair.a, given, { input })

/** What an entity is, apart from when and where it became so. */
function lasting(lines: readonly { readonly [name: string]: unknown }[]): readonly object[] {
  return lines.map(({ createdAt: _, updatedAt: __, version: ___, createdVersion: ____, ...rest }) => rest)
}

describe("export", () => {
  test("writes one JSON object on a line for each entity: definitions, users, documents", async () => {
    const { code, out, notes } = await run("export")
    expect(code).toBe(0)
    const lines = jsonLines({ out })
    expect(lines.map(({ collection }) => collection)).toEqual(["collections", "collections", "users", "users", ...Array<string>(1_199).fill("goals")])
    expect(lines[2]).toMatchObject({ id: "ada", email: "Ada@b.c", data: { plan: "pro", n: [1, null] } })
    expect(notes).toMatch(/^1,203 entities as of version \d+\.$/)
  })

  test("never writes a credential", async () => {
    expect((await run("export")).out).not.toMatch(/argon2|password|horse/)
  })

  test("is of one version, which may be an earlier one (P7)", async () => {
    const at = jsonLines(await run("get", "users/bob/history", "--json"))[0] as { items: { version: number }[] }
    const lines = jsonLines(await run("export", "--at", String(at.items.at(-1)?.version), "--json"))
    expect(lasting(lines).filter((line) => "email" in line)).toMatchObject([{ id: "ada" }, { id: "bob", disabled: false }])
    expect(lines.some(({ collection }) => collection === "goals")).toBe(false)
    expect(await run("export", "--at", "999999")).toMatchObject({ code: 1, out: "" })
    expect((await run("export", "--at", "x")).code).toBe(64)
  })

  test("of some collections writes their entities only", async () => {
    const { out, notes } = await run("export", "--collection", "none", "--collection", "users", "--json")
    expect(jsonLines({ out }).map(({ id }) => id)).toEqual(["ada", "bob"])
    expect(JSON.parse(notes)).toMatchObject({ entities: 2 })
    expect(await run("export", "--collection", "nothing")).toMatchObject({ code: 1, notes: expect.stringContaining("no collection `nothing`") })
  })

  test("is the same from either node", async () => {
    const at = String(((await pair.a.json("/status")) as { committed: number }).committed)
    expect((await resultAt(pair.b, ["export", "--at", at])).out).toBe((await run("export", "--at", at)).out)
  })

  test("imported into an empty pair makes the same entities, and a second time changes nothing", async () => {
    const { out } = await run("export")
    const first = await resultAt(empty.a, ["import", "--json"], { input: out })
    expect(first).toMatchObject({ code: 0, notes: "" })
    expect(jsonLines(first)[0]).toMatchObject({ lines: 1_203, already: 0 })
    const back = await resultAt(empty.a, ["export"])
    expect(lasting(jsonLines(back))).toEqual(lasting(jsonLines({ out })))
    const again = await resultAt(empty.a, ["import", "--json"], { input: out })
    expect(jsonLines(again)[0]).toMatchObject({ lines: 1_203, already: 1_203 })
    expect((await resultAt(empty.a, ["export"])).out).toBe(back.out)
  })

  test("imported where an address is taken is refused, with the line's number", async () => {
    const eve = JSON.stringify({ collection: "users", id: "eve", email: "ADA@b.c", name: null, verified: false, disabled: false, data: {} })
    const { code, notes } = await runWith(`\n${eve}\n`, "import")
    expect(code).toBe(1)
    expect(notes).toContain("Line 2: Another user has this e-mail address.")
    expect(notes).toContain("0 lines are imported.")
  })
})

describe("collections whose documents have fields", () => {
  let from: RealPair
  let to: RealPair
  beforeAll(async () => {
    from = await RealPair.make()
    to = await RealPair.make()
    await Promise.all([from.start(), to.start()])
  })
  afterAll(async () => {
    await from.remove()
    await to.remove()
  })

  test("are imported whatever refers to what: documents to later ones, and collections to each other", async () => {
    const reference = (collection: string) => ({ type: "reference", to: collection })
    const lists = { owner: { ...reference("users"), required: true, onDelete: "cascade" }, best: reference("tasks"), title: { type: "string", unique: true } }
    const tasks = { list: { ...reference("lists"), required: true }, after: reference("tasks"), kind: { type: "string", enum: ["a", "b"], default: "a" } }
    const operations = [
      { op: "collection.define", data: { name: "lists" } },
      { op: "collection.define", data: { name: "tasks", fields: tasks } },
      { op: "collection.define", data: { name: "lists", fields: lists, access: { read: "owner:owner" } } },
      { op: "user.create", data: { id: "ada", email: "ada@b.c" } },
      { op: "document.create", data: { collection: "lists", id: "l1", value: { owner: "ada", title: "First" } } },
      { op: "document.create", data: { collection: "tasks", id: "t2", value: { list: "l1", kind: "b" } } },
      { op: "document.create", data: { collection: "tasks", id: "t1", value: { list: "l1", after: "t2" } } },
      { op: "document.patch", data: { collection: "lists", id: "l1", patch: { best: "t1" } } },
      { op: "collection.define", data: { name: "users", fields: { team: { type: "string", index: true }, first: reference("lists") } } },
      { op: "user.update", data: { id: "ada", data: { team: "x", first: "l1" } } },
    ]
    expect(await resultAt(from.a, ["do", JSON.stringify({ operations })])).toMatchObject({ code: 0, notes: "" })
    const { out, notes } = await resultAt(from.a, ["export"])
    expect(notes).toMatch(/^7 entities/)
    expect(await resultAt(to.a, ["import", "--json"], { input: out })).toMatchObject({ code: 0, notes: "" })
    const back = await resultAt(to.a, ["export"])
    // An index is named after the version that made it.
    const alike = (text: string) => lasting(jsonLines({ out: text })).map((line) => ({ ...line, indexes: undefined }))
    expect(alike(back.out)).toEqual(alike(out))
    expect(back.notes).toMatch(/^7 entities/)
    expect(await resultAt(to.a, ["do", "document.delete", "collection=tasks", "id=t2"])).toMatchObject({ code: 1 })
  })
})
