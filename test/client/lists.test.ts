// Lists through the client, as a node answers them: filters, order, fields and count, over all pages.
import { expect, test } from "bun:test"
import type { Service } from "../../src/client/service.ts"
import { TandemError } from "../../src/client/tandem-error.ts"
import { Harness } from "../http/harness.ts"
import { refusalOf } from "./scripted-server.ts"
import { listed, servedService } from "./served-service.ts"

async function filled(): Promise<Service> {
  const service = servedService(new Harness())
  for (const name of ["eva", "Ada", "bob", "cleo", "Dora"]) await service.createUser({ email: `${name}@example.com`, data: { plan: name.length === 3 ? "free" : "paid", since: 1 } })
  return service
}

const names = (users: readonly { readonly email: string }[]) => users.map(({ email }) => email.split("@")[0])

test("users come by address, within a range, in both directions, over all pages as of one version (P7)", async () => {
  const service = await filled()
  const version = service.version
  expect(names(await listed(service.listUsers({ sort: "email", limit: 2 })))).toEqual(["Ada", "bob", "cleo", "Dora", "eva"])
  const some = service.listUsers({ where: { email: { gte: "bob", lt: "eva" } }, sort: "-email", limit: 2 })
  const seen = [(await some.next()).value]
  await service.createUser({ email: "boris@example.com" })
  for await (const user of some) seen.push(user)
  expect(names(seen.filter((user) => user !== undefined))).toEqual(["Dora", "cleo", "bob"])
  expect(names(await listed(service.at(version).listUsers({ where: { email: "ADA@example.com" } })))).toEqual(["Ada"])
})

test("a page is counted where that was asked for, and shows the fields that were", async () => {
  const service = await filled()
  const page = await service.pageOfUsers({ where: { email: { gt: "c" } }, limit: 1, fields: ["plan"], count: true })
  expect([page.count, page.items[0]?.data, page.next === null]).toEqual([3, { plan: "paid" }, false])
  expect("count" in (await service.pageOfUsers())).toBe(false)
})

test("a filter or an order without an index is refused with what would add it", async () => {
  const service = await filled()
  expect(await refusalOf(service.pageOfUsers({ where: { plan: "free" } }), TandemError)).toMatchObject({ status: 400, hint: expect.stringContaining("collection.define") })
  expect(await refusalOf(service.pageOfUsers({ sort: "-plan" }), TandemError)).toMatchObject({ status: 400, hint: expect.stringContaining("collection.define") })
})
