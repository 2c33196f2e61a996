// What is to be kept has a second name, or is copied where the file system has no links.
import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { linkOrCopy } from "../../src/store/link-or-copy.ts"

const directory = mkdtempSync(join(tmpdir(), "tandem-link-"))
const from = join(directory, "data.mdb")
writeFileSync(from, "all of it")
afterAll(() => rmSync(directory, { recursive: true }))

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(code), { code })
  }
}

test("it is the same file where that can be", () => {
  linkOrCopy(from, join(directory, "linked"))
  expect(statSync(join(directory, "linked")).ino).toBe(statSync(from).ino)
})

test("it is a whole copy where the file system has no links", () => {
  linkOrCopy(from, join(directory, "copied"), failing("EPERM"))
  expect(readFileSync(join(directory, "copied"), "utf8")).toBe("all of it")
  expect(readdirSync(directory).sort()).toEqual(["copied", "data.mdb", "linked"])
})

test("what else goes wrong is an error", () => {
  expect(() => linkOrCopy(from, join(directory, "none"), failing("ENOSPC"))).toThrow("ENOSPC")
})
