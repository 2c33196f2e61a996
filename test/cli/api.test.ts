// Talking to a node: which one, with which key, and what is said when it does not answer.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Api, apiFlags, connect, unreachable } from "../../src/cli/api.ts"
import { CommandFailed } from "../../src/cli/command-failed.ts"
import { parseArguments } from "../../src/cli/flags.ts"
import { cutShort, rawListener } from "./raw-listener.ts"

const place = mkdtempSync(join(tmpdir(), "tandem-api-"))
/** Answers with what it was asked. */
const echo = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => Response.json({ path: new URL(request.url).pathname, authorization: request.headers.get("authorization") }),
})

afterAll(async () => {
  rmSync(place, { recursive: true })
  await echo.stop(true)
})

function api(given: readonly string[], variables: Readonly<Record<string, string>> = {}): Api {
  return connect(parseArguments(apiFlags, given).flags, { variable: (name) => ({ TANDEM_URL: echo.url.origin, TANDEM_DATA: place, ...variables })[name] })
}

async function failure(answer: () => Promise<unknown>): Promise<CommandFailed> {
  try {
    await answer()
  } catch (error) {
    if (error instanceof CommandFailed) return error
    throw error
  }
  throw new Error("it was answered")
}

const keyOf = async (given: readonly string[], variables?: Readonly<Record<string, string>>) =>
  ((await api(given, variables).read("/x")) as { authorization: string | null }).authorization

describe("the node", () => {
  test("is that of --url, else of TANDEM_URL, else the one on this machine", () => {
    expect(api(["--url=http://a:1/"], { TANDEM_URL: "http://b:2" }).url).toBe("http://a:1")
    expect(api([], { TANDEM_URL: "http://b:2" }).url).toBe("http://b:2")
    expect(connect(parseArguments(apiFlags, []).flags, { variable: () => undefined }).url).toBe("http://127.0.0.1:4000")
  })

  test("may be under a path", async () => {
    expect(await api(["--url", `${echo.url.origin}/tandem/`]).read("/status")).toMatchObject({ path: "/tandem/status" })
  })

  test("is named by a URL without a secret in it", () => {
    for (const wrong of ["127.0.0.1:4000", "http://me:secret@a", "ftp://a"]) expect(() => api([`--url=${wrong}`])).toThrow(CommandFailed)
  })
})

describe("the key", () => {
  beforeAll(() => {
    mkdirSync(join(place, "node"))
    mkdirSync(join(place, "dev", "a"), { recursive: true })
    writeFileSync(join(place, "key"), "from-file\n")
    writeFileSync(join(place, "node", "root.key"), "from-node\n")
    writeFileSync(join(place, "dev", "a", "root.key"), "from-dev\n")
  })

  test("is that of --token-file, TANDEM_TOKEN, TANDEM_TOKEN_FILE, or the root.key of --data, in this order", async () => {
    const all = { TANDEM_TOKEN: "direct", TANDEM_TOKEN_FILE: join(place, "key"), TANDEM_DATA: join(place, "node") }
    expect(await keyOf(["--token-file", join(place, "key")], all)).toBe("Bearer from-file")
    expect(await keyOf(["--data", join(place, "node")], all)).toBe("Bearer direct")
    expect(await keyOf([], { ...all, TANDEM_TOKEN: " " })).toBe("Bearer from-file")
    expect(await keyOf([], { TANDEM_DATA: join(place, "node") })).toBe("Bearer from-node")
    expect(await keyOf(["--data", join(place, "dev")])).toBe("Bearer from-dev")
    expect(await keyOf([])).toBeNull()
  })

  test("that cannot be one is refused without being shown", () => {
    writeFileSync(join(place, "two lines"), "key\nsecret\n")
    for (const [given, variables] of [[[], { TANDEM_TOKEN: "key secret" }], [["--token-file", join(place, "two lines")], {}]] as const) {
      expect(() => api(given, variables)).toThrow("holds no API key.")
      expect(() => api(given, variables)).not.toThrow("secret")
    }
    expect(() => api(["--token-file", join(place, "none")])).toThrow("The API key cannot be read")
  })
})

describe("a node that does not answer", () => {
  test("is told in one sentence with what to do, and ends with 75", async () => {
    const nobody = await failure(() => api(["--url=http://127.0.0.1:1"]).read("/status"))
    expect(nobody).toMatchObject({ exitCode: 75, message: "Cannot reach http://127.0.0.1:1: nothing listens there.", hint: expect.stringContaining("--url or TANDEM_URL") })
    expect((await failure(() => api(["--url=http://nobody.invalid"]).read("/status"))).message).toEndWith("there is no host of that name.")
  })

  test("because it hangs, is not waited for without end", async () => {
    const { url, close } = await rawListener(() => undefined)
    expect(await failure(() => api(["--url", url]).ask((service) => service.status({ timeoutMs: 100 })))).toMatchObject({ exitCode: 75, message: `Cannot reach ${url}: no answer for 0.1 seconds.` })
    close()
  })

  test("because it hangs up, is one whose connection was cut", async () => {
    const { url, close } = await rawListener((socket) => socket.once("data", () => socket.destroy()))
    expect(await failure(() => api(["--url", url]).read("/status"))).toMatchObject({ exitCode: 75, message: `Cannot reach ${url}: the connection was cut.` })
    close()
  })

  test("to its end, is one whose connection was cut", async () => {
    const { url, close } = await rawListener(cutShort)
    expect(await failure(() => api(["--url", url]).read("/status"))).toMatchObject({ exitCode: 75, message: `Cannot reach ${url}: the connection was cut.` })
    close()
  })

  test("is told in the same words whatever the runtime calls it", () => {
    const said = (message: string, code?: string) => unreachable("u", Object.assign(new Error(message), code === undefined ? {} : { code })).message
    expect(unreachable("u", new Error("fetch failed", { cause: new Error("tcp connect error: Connection refused (os error 111)") })).message).toBe("Cannot reach u: nothing listens there.")
    expect(said("Unable to connect. Is the computer able to access the url?", "ECONNREFUSED")).toBe("Cannot reach u: nothing listens there.")
    expect(said("error sending request for url (http://u/): client error (Connect): tcp connect error: Connection refused (os error 111)")).toBe("Cannot reach u: nothing listens there.")
    expect(said("client error (Connect): dns error: failed to lookup address information: Name or service not known")).toBe("Cannot reach u: there is no host of that name.")
    expect(said("connection error: Connection reset by peer (os error 104)")).toBe("Cannot reach u: the connection was cut.")
    expect(said("something new.")).toBe("Cannot reach u: something new.")
  })
})

test("a redirect is not followed: the key is for this node only", async () => {
  let asked = 0
  const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(String(asked++)) })
  const redirecting = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.redirect(other.url.href) })
  const refused = await failure(() => api(["--url", redirecting.url.origin], { TANDEM_TOKEN: "t" }).read("/status"))
  expect([refused.exitCode, refused.hint, asked]).toEqual([1, `It redirects to ${other.url.href}: choose where that leads as the URL.`, 0])
  await Promise.all([other.stop(true), redirecting.stop(true)])
})

describe("an answer that is not a node's", () => {
  /** The failure of a command whose node answers so. */
  async function failureWith(body: string, init: ResponseInit): Promise<CommandFailed> {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(body, init) })
    try {
      return await failure(() => api(["--url", server.url.origin]).transact("{}", "a-key"))
    } finally {
      await server.stop(true)
    }
  }

  test("asks whether that is a node, and cannot move the cursor of who reads it", async () => {
    expect(await failureWith("<h1>\u001b[2Jno</h1>", { status: 404, statusText: "Not Found" })).toMatchObject({
      message: "HTTP 404 Not Found: <h1>\\u001b[2Jno</h1>", hint: "Is this the URL of a Tandem node?", exitCode: 1, mayBeDone: false,
    })
    expect((await failureWith("404 Not Found", { status: 404, statusText: "Not Found" })).message).toBe("HTTP 404 Not Found.")
    expect((await failureWith('{"status":"x"}', { status: 400, statusText: "Bad Request" })).message).toBe('HTTP 400 Bad Request: {"status":"x"}')
  })

  test("of a proxy whose node is away ends with 75, and may have been done", async () => {
    expect(await failureWith("Bad Gateway", { status: 502, statusText: "Bad Gateway" })).toMatchObject({ exitCode: 75, mayBeDone: true, message: expect.stringContaining("HTTP 502 Bad Gateway") })
  })

  test("though it says that all is well, is one that may have been done", async () => {
    expect(await failureWith("<html>", { status: 200 })).toMatchObject({ exitCode: 1, mayBeDone: true, message: expect.stringContaining("does not answer as a node does") })
  })
})
