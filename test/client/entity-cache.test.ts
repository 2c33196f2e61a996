// Entities that were read before: not sent again while they are the same, never answered without asking, and bounded.
import { expect, test } from "bun:test"
import { problem, type Scripted, ScriptedServer } from "./scripted-server.ts"

const user = (name: string, version: number): Scripted => ({ status: 200, body: { id: "u1", name, version }, headers: { etag: `"${version}"` } })
const same = (version: number): Scripted => ({ status: 304, body: "", headers: { etag: `"${version}"`, "tandem-version": "9" } })
const tags = (server: ScriptedServer) => server.asked.map(({ headers }) => headers.get("if-none-match"))

test("one that has not changed is read from what was kept, after a node has said so", async () => {
  const server = new ScriptedServer([user("Ada", 3), same(3), user("Eva", 4), same(4)], { cache: 10 })
  const names: (string | null | undefined)[] = []
  for (let n = 0; n < 4; n++) names.push((await server.service.getUser("u1"))?.name)
  expect(names).toEqual(["Ada", "Ada", "Eva", "Eva"])
  expect(tags(server)).toEqual([null, '"3"', '"3"', '"4"'])
  expect(server.service.version).toBe(9)
})

test("one that is gone is forgotten", async () => {
  const server = new ScriptedServer([user("Ada", 3), problem(404, "entity-missing"), user("Eva", 9)], { cache: 10 })
  await server.service.getUser("u1")
  expect(await server.service.getUser("u1")).toBeUndefined()
  expect((await server.service.getUser("u1"))?.name).toBe("Eva")
  expect(tags(server)).toEqual([null, '"3"', null])
})

test("callers share nothing of it", async () => {
  const server = new ScriptedServer([user("Ada", 3), same(3)], { cache: 10 })
  const first = (await server.service.getUser("u1")) as { name: string }
  first.name = "changed"
  expect((await server.service.getUser("u1"))?.name).toBe("Ada")
})

test("what was used longest ago goes when there is no more room, and one as of a version is another one", async () => {
  const server = new ScriptedServer([user("Ada", 3)], { cache: 2 })
  const { service } = server
  for (const read of [() => service.getUser("u1"), () => service.getUser("u2"), () => service.getUser("u1"), () => service.at(3).getUser("u1")]) await read()
  await service.getUser("u1")
  await service.getUser("u2")
  expect(tags(server)).toEqual([null, null, '"3"', null, '"3"', null])
})

test("none is kept unless it is asked for", async () => {
  const server = new ScriptedServer([user("Ada", 3)])
  await server.service.getUser("u1")
  await server.service.getUser("u1")
  expect(tags(server)).toEqual([null, null])
})
