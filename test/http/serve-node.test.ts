// A whole node in a process of its own: how it begins and how it ends, under both runtimes.
import { afterAll, describe, expect, test } from "bun:test"
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { NodeSettings } from "../../src/node/settings.ts"
import { exitCodes } from "../../src/runtime/exit.ts"
import { type Ended, type Runtime, runtimes, startProgram } from "../runtime/program.ts"

const directory = mkdtempSync(join(tmpdir(), "tandem-serve-"))
afterAll(() => rmSync(directory, { recursive: true }))
let directories = 0

function settings(): NodeSettings {
  const address = { hostname: "127.0.0.1", port: 0 }
  return {
    nodeId: "a",
    dataDirectory: join(directory, `data-${++directories}`),
    listen: address,
    peerListen: address,
    // Nobody is there: the node looks for its peer for as long as the test needs it to.
    peerUrl: "http://127.0.0.1:9",
    publicUrl: "http://a.test",
    backup: undefined,
    shipTo: undefined,
  role: "primary",
    join: false,
    secret: "a secret for tests, of more than 32 characters",
    corsOrigins: [],
    whenStuck: "exit",
    forwardWrites: false,
    clientAddressHeader: undefined,
    staleReads: false,
    bodyBytesMax: 1_000_000,
    syncTimeoutMs: 600_000,
    leaseMs: 10_000,
    peerTimeoutMs: 5_000,
    watchdogMs: 60_000,
    diskFloorBytes: 1,
    retention: { keep: undefined, collections: new Map() },
  }
}

/** A node that runs `whenReady` once it listens; `afterwards` runs right after it was told to start. */
function ended(runtime: Runtime, { whenReady = "", afterwards = "", environment = {}, using = settings() }: { whenReady?: string; afterwards?: string; environment?: Record<string, string>; using?: NodeSettings }): Promise<Ended> {
  return startProgram(
    runtime,
    `import process from "node:process"
     import { serveNode } from "src/http/serve-node.ts"
     const end = () => process.kill(process.pid, "SIGTERM")
     const running = serveNode(${JSON.stringify(using)}, { onReady: () => { console.log("ready"); ${whenReady} } })
     ${afterwards}
     process.exit(await running)`,
    environment,
  ).ended
}

describe.each(runtimes)("under %s a node", (runtime) => {
  test("that is told to stop while it looks for its peer stops at once, in order", async () => {
    const { code, out, err } = await ended(runtime, { whenReady: "end()" })
    expect([code, out]).toEqual([exitCodes.done, "ready\n"])
    expect(err).not.toContain("internal error")
  })

  test("that is told to stop before it listens does so in order, too", async () => {
    const { code, signal } = await ended(runtime, { afterwards: "end()" })
    expect([code, signal]).toEqual([exitCodes.done, null])
  })

  test("that is told to stop twice stops once", async () => {
    const { code, signal, err } = await ended(runtime, { whenReady: 'end(); end(); process.kill(process.pid, "SIGINT"); setTimeout(end, 0)' })
    expect([code, signal]).toEqual([exitCodes.done, null])
    expect(err).not.toContain("internal error")
  })

  const errors: readonly (readonly [what: string, lines: string])[] = [
    ["an error that nobody caught", 'setTimeout(() => { throw new TypeError("canary") }, 0)'],
    ["a rejection that nobody handled", 'void Promise.reject(new TypeError("canary"))'],
    ["something else that was thrown", 'setTimeout(() => { throw { message: "canary" } }, 0)'],
  ]
  test.each(errors)("ends with %s, says so in one line and none of its words", async (_, whenReady) => {
    const { code, err } = await ended(runtime, { whenReady })
    expect(code).toBe(exitCodes.internal)
    expect(err.split("\n").filter((line) => line.includes("internal error"))).toHaveLength(1)
    expect(err.trimEnd().split("\n").at(-1)).toStartWith("tandem: internal error, please report it: ")
    expect(err).not.toContain("canary")
  })

  test("ends with a broken invariant and names it", async () => {
    const { code, err } = await ended(runtime, { whenReady: 'import("./src/protocol/invariant.ts").then(({ invariant }) => invariant(false, "I5", "two batches are in doubt"))' })
    expect(code).toBe(exitCodes.internal)
    expect(err).toContain("tandem: internal error, please report it: invariant I5 is broken: two batches are in doubt")
  })

  test("keeps its files to itself", async () => {
    const using = settings()
    const { out } = await ended(runtime, { whenReady: "console.log(process.umask()); end()", using })
    expect(out).toBe(`ready\n${0o077}\n`)
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8)
    expect(mode(using.dataDirectory)).toBe("700")
    const files = readdirSync(using.dataDirectory)
    expect(files).toContain("root.key")
    for (const file of files) expect([file, mode(join(using.dataDirectory, file))]).toEqual([file, "600"])
  })

  test.each([
    ["NODE_TLS_REJECT_UNAUTHORIZED", "0"],
    ["NODE_TLS_REJECT_UNAUTHORIZED", "1"],
    ["TANDEM_FAILPOINT", "no.such.place"],
  ])("refuses to start with %s=%s, and makes nothing", async (name, value) => {
    const using = settings()
    const { code, err } = await ended(runtime, { environment: { [name]: value }, using })
    expect(code).toBe(exitCodes.settings)
    expect(err).toContain(name)
    expect(readdirSync(directory)).not.toContain(using.dataDirectory.slice(directory.length + 1))
  })

  test("that cannot listen says where", async () => {
    const using = { ...settings(), listen: { hostname: "127.0.0.1", port: 1 }, peerListen: { hostname: "192.0.2.1", port: 1 } }
    const { code, err } = await ended(runtime, { using })
    expect(code).toBe(exitCodes.settings)
    expect(err).toContain("192.0.2.1:1")
  })

  test("that does not find its peer in time is stuck, ends so, and is ready to be started again", async () => {
    const { code, err } = await ended(runtime, { using: { ...settings(), syncTimeoutMs: 1 } })
    expect(code).toBe(exitCodes.stuck)
    expect(err.trimEnd().split("\n").at(-1)).toStartWith("tandem: stuck: not in sync with the replica within 1 ms")
  })
})
