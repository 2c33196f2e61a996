// A process that makes and opens a data directory, and prints what LMDB was given to open, a JSON line each. A process of its
// own, because a module that was replaced stays so for every test that runs after.
import { plugin } from "bun"

const [directory = ""] = process.argv.slice(2)
const lmdb = (await import(import.meta.resolve("lmdb"))) as typeof import("lmdb")

plugin({
  name: "what LMDB is given",
  setup: (build) => {
    const open = (given: Parameters<typeof lmdb.open>[0]) => {
      process.stdout.write(`${JSON.stringify(given)}\n`)
      return lmdb.open(given)
    }
    build.module("lmdb", () => ({ loader: "object", exports: { ...lmdb, open } }))
  },
})

const { openEnvironment } = await import("../../src/store/environment.ts")
await openEnvironment(directory).close()
