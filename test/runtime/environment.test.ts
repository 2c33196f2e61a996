// The environment: read in one place, and no proxy between the two nodes.
import { describe, expect, test } from "bun:test"
import { environmentVariable } from "../../src/runtime/environment.ts"
import { printedBy, runtimes } from "./program.ts"

const nowhere = "http://127.0.0.1:1"
const proxies = { HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, ALL_PROXY: nowhere, http_proxy: nowhere, https_proxy: nowhere, all_proxy: nowhere }
const asksItself = `
  import process from "node:process"
  import { serve } from "src/runtime/serve.ts"
  const { port } = serve({ hostname: "127.0.0.1", port: 0, idleTimeoutSeconds: 60, fetch: () => new Response("direct") })
  console.log(await fetch("http://127.0.0.1:" + port).then((answer) => answer.text(), () => "not reached"))
  process.exit(0)`

describe("the environment", () => {
  test("gives a variable, or undefined", () => {
    expect(environmentVariable("PATH")).toBe(process.env["PATH"] ?? "")
    expect(environmentVariable("TANDEM_NO_SUCH_VARIABLE")).toBeUndefined()
  })

  test.each(runtimes)("under %s proxies are ignored once that is asked for", async (runtime) => {
    expect(await printedBy(runtime, asksItself, proxies)).toBe("not reached\n")
    const ignoring = `import { ignoreProxies } from "src/runtime/environment.ts"\nignoreProxies()\n${asksItself}`
    expect(await printedBy(runtime, ignoring, proxies)).toBe("direct\n")
  })
})
