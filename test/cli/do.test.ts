// `tandem do` where the outcome is not known: the transaction can be sent again, and is then done once.
import { afterEach, describe, expect, test } from "bun:test"
import { runCommandLine } from "../../src/cli/main.ts"
import { cutShort, rawListener } from "./raw-listener.ts"
import { scriptedTerminal } from "./scripted-terminal.ts"

const started: { stop(closeActive: boolean): unknown }[] = []
afterEach(() => {
  for (const one of started.splice(0)) one.stop(true)
})

/** A node whose answer is this. */
async function run(answer: (key: string) => Response, ...given: string[]) {
  let asked = ""
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      asked = request.headers.get("idempotency-key") ?? ""
      return answer(asked)
    },
  })
  started.push(server)
  const terminal = scriptedTerminal({ TANDEM_URL: server.url.origin, TANDEM_TOKEN: "t" })
  const code = await runCommandLine(["do", "user.create", "email=a@b.c", ...given], terminal)
  return { code, notes: terminal.notes.join("\n"), asked }
}

const problem = (status: number, code: string) => () => Response.json({ status, code, detail: "Something is up." }, { status })

describe("do", () => {
  test("says with which key it can be run again where the outcome is not known (P3)", async () => {
    for (const answer of [problem(500, "outcome-unknown"), () => new Response("Gateway Timeout", { status: 504 })]) {
      const { code, notes, asked } = await run(answer)
      expect(code).toBe(75)
      expect(asked).toMatch(/^[0-9a-f]{32}$/)
      expect(notes).toContain(`Run it again with --key ${asked}`)
    }
  })

  test("says so too where the answer is cut off", async () => {
    const { url, close } = await rawListener(cutShort)
    const terminal = scriptedTerminal()
    expect(await runCommandLine(["do", "user.create", "email=a@b.c", "--key=mine", `--url=${url}`], terminal)).toBe(75)
    close()
    expect(terminal.notes.join("\n")).toContain("Run it again with --key mine")
  })

  test("does not say so where nothing was done", async () => {
    const { code, notes } = await run(problem(503, "unavailable"))
    expect(code).toBe(75)
    expect(notes).not.toContain("--key")
    const nobody = scriptedTerminal()
    expect(await runCommandLine(["do", "user.create", "email=a@b.c", "--url=http://127.0.0.1:1"], nobody)).toBe(75)
    expect(nobody.notes.join("\n")).not.toContain("--key")
  })
})
