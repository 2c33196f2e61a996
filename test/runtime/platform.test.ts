// Which runtime it is, as each of them sees it.
import { expect, test } from "bun:test"
import { deno } from "../../src/runtime/platform.ts"
import { printedBy } from "./program.ts"

test("Deno's own interface is there under Deno, and only there", async () => {
  const asks = `import { deno } from "src/runtime/platform.ts"\nconsole.log(typeof deno, typeof deno?.serve, typeof deno?.openSync)`
  expect(deno).toBeUndefined()
  expect(await printedBy("bun", asks)).toBe("undefined undefined undefined\n")
  expect(await printedBy("deno", asks)).toBe("object function function\n")
})
