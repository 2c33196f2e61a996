// That hashing waits for everything else, as the system sees it.
import { expect, test } from "bun:test"
import { printedBy } from "./program.ts"

const nices = `
  import { readdirSync, readFileSync } from "node:fs"
  import { hashPassword } from "src/runtime/password-hash.ts"
  await Promise.all(Array.from({ length: 4 }, () => hashPassword("correct horse", new Uint8Array(16))))
  await hashPassword("correct horse", new Uint8Array(16))
  const threads = readdirSync("/proc/self/task").map((thread) => {
    const [, name, fields] = /\\((.*)\\) (.*)/.exec(readFileSync("/proc/self/task/" + thread + "/stat", "utf8"))
    return { name, nice: Number(fields.split(" ")[16]) }
  })
  console.log(JSON.stringify(threads))`

test("threads that hash have the lowest priority under bun, and no other thread has", async () => {
  const threads = JSON.parse(await printedBy("bun", nices)) as { readonly name: string; readonly nice: number }[]
  const own = Number(/\) (.*)/.exec(await Bun.file("/proc/self/stat").text())?.[1]?.split(" ")[16])
  const hashing = threads.filter(({ name }) => name.startsWith("Bun Pool"))
  expect(hashing.length).toBeGreaterThan(0)
  for (const { nice } of hashing) expect(nice).toBe(19)
  for (const { name, nice } of threads) if (!name.startsWith("Bun Pool")) expect([name, nice]).toEqual([name, own])
})

test("under deno, whose threads do other work as well, they stay as they are", async () => {
  const threads = JSON.parse(await printedBy("deno", nices)) as { readonly nice: number }[]
  expect(new Set(threads.map(({ nice }) => nice)).size).toBe(1)
})
