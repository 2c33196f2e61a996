// The log of a real pair is shipped while clients write, whichever node leads and wherever it is killed; a backup and that log give any
// version back.
import { describe, expect, test } from "bun:test"
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { failpointVariable } from "../../src/runtime/failpoint.ts"
import { type CommandOptions, runCommand } from "./real-command.ts"
import type { RealNode } from "./real-node.ts"
import { S3Server } from "../runtime/s3-server.ts"
import { RealPair, until } from "./real-pair.ts"

interface Shipping {
  readonly pair: RealPair
  /** The target. */
  readonly log: string
  readonly backup: string
}

/** A pair that ships its log, and a backup of its first version. */
async function withShipping(run: (shipping: Shipping) => Promise<void>): Promise<void> {
  const directory = join("/tmp", `tandem-log-${process.pid}-${Math.random().toString(36).slice(2)}`)
  const log = join(directory, "log")
  mkdirSync(directory)
  const pair = await RealPair.make({ flags: ["--ship-to", log] })
  try {
    await pair.start()
    await shipped(pair.a, await write(pair.a, "first"))
    const backup = join(directory, "first.backup")
    const made = await runCommand(["backup", backup, "--url", pair.a.url, "--data", pair.a.data], { program: "bun" })
    expect([made.code, made.err]).toEqual([0, ""])
    await run({ pair, log, backup })
  } finally {
    await pair.remove()
    rmSync(directory, { recursive: true })
  }
}

async function write(node: RealNode, id: string): Promise<number> {
  const { status, body } = await node.do({ op: "user.create", data: { id, email: `${id}@example.com` } }, id)
  expect([id, status, body]).toMatchObject([id, 200, {}])
  return Number(body["version"])
}

interface ShippingStatus {
  readonly version: number | null
  readonly lagVersions: number
  readonly error: string | null
}

async function shippingOf(node: RealNode): Promise<ShippingStatus> {
  return ((await node.json("/status")) as { readonly shipping: ShippingStatus }).shipping
}

async function shipped(node: RealNode, version: number): Promise<void> {
  await until(`version ${version} is shipped`, async () => ((await shippingOf(node)).version ?? 0) >= version, () => node.printed)
}

function restore({ backup, log, pair }: Shipping, name: string, more: readonly string[] = [], environment: CommandOptions["environment"] = {}) {
  return runCommand(["restore", backup, "--data", join(pair.directory, name), "--node", "a", "--log", log, "--json", ...more], { program: "bun", environment })
}

async function restored(shipping: Shipping, name: string, ...more: string[]): Promise<{ readonly version: number; readonly epoch: number; readonly digest: string }> {
  const { code, out, err } = await restore(shipping, name, more)
  expect([code, err]).toEqual([0, ""])
  const verified = await runCommand(["verify", "--data", join(shipping.pair.directory, name), "--json"], { program: "bun" })
  expect([verified.code, verified.err]).toEqual([0, ""])
  return { ...(JSON.parse(out) as { version: number; epoch: number }), digest: (JSON.parse(verified.out) as { digest: string }).digest }
}

async function digestOf(node: RealNode): Promise<string> {
  return ((await node.json("/status/verify")) as { readonly digest: string }).digest
}

describe("a backup and the log that was shipped", () => {
  test("give everything back after both machines are lost, or any version or time before (P1)", async () => {
    await withShipping(async (shipping) => {
      const { pair, log } = shipping
      let version = 0
      for (let n = 0; n < 5; n++) version = await write(pair.a, `u${n}`)
      await shipped(pair.a, version)
      expect((await shippingOf(pair.b)).version).toBeNull()
      const digest = await digestOf(pair.a)
      const { time } = (await pair.a.json("/log/3")) as { readonly time: string }
      expect(readdirSync(log).map((name) => statSync(join(log, name)).mode & 0o777)).toEqual(readdirSync(log).map(() => 0o600))
      await Promise.all(pair.nodes.map((node) => node.stop("SIGKILL")))

      expect(await restored(shipping, "all", "--same-cluster")).toMatchObject({ version, epoch: 1_001, digest })
      expect(await restored(shipping, "three", "--to", "3")).toMatchObject({ version: 3, epoch: 2 })
      expect((await restored(shipping, "then", "--to", time)).version).toBeGreaterThanOrEqual(3)
      const beyond = await restore(shipping, "beyond", ["--to", "99"])
      expect([beyond.code, beyond.err]).toEqual([1, expect.stringContaining(`ends at version ${version}, before version 99`)])
      expect(readdirSync(join(pair.directory, "beyond"))).toEqual(["lock"])
    })
  })

  test("give everything back after a hand-over, too: the other node goes on where the first one ended", async () => {
    await withShipping(async (shipping) => {
      const { pair } = shipping
      await shipped(pair.a, await write(pair.a, "before"))
      expect((await pair.a.decide("handover")).status).toBe(200)
      await until("b takes writes", async () => (await pair.b.do({ op: "user.create", data: { id: "after", email: "after@example.com" } }, "after")).status === 200, () => pair.printed)
      const version = await write(pair.b, "last")
      await shipped(pair.b, version)
      const digest = await digestOf(pair.b)
      await Promise.all(pair.nodes.map((node) => node.stop("SIGKILL")))
      expect(await restored(shipping, "all", "--same-cluster")).toMatchObject({ version, epoch: 1_002, digest })
    })
  })
})

test.concurrent.each(["ship.write.before", "ship.rename.before", "ship.rename.after"] as const)("killed at %s, the primary ships on when it is started again, and nothing is missing", async (failpoint) => {
  await withShipping(async (shipping) => {
    const { a, b } = shipping.pair
    await a.stop()
    a.start({ environment: { [failpointVariable]: failpoint } })
    await shipping.pair.inSync()
    await a.do({ op: "user.create", data: { id: "killed", email: "killed@example.com" } }, "killed").catch(() => undefined)
    expect([await a.ended, a.printed]).toEqual([{ code: null, signal: "SIGKILL" }, expect.any(String)])
    a.start()
    await until("both are in sync", async () => {
      if (!b.running) b.start()
      return (await a.isReady()) && (await b.isReady())
    })
    const version = await write(a, "afterwards")
    await shipped(a, version)
    expect(await restored(shipping, "all")).toMatchObject({ version, digest: await digestOf(a) })
  })
})

test("a target that cannot be written costs lag, not writes, and is caught up with", async () => {
  await withShipping(async (shipping) => {
    const { pair, log } = shipping
    rmSync(log, { recursive: true })
    writeFileSync(log, "in the way")
    let version = 0
    for (let n = 0; n < 3; n++) version = await write(pair.a, `u${n}`)
    await until("it is said", async () => (await shippingOf(pair.a)).error !== null)
    expect(pair.a.printed.match(/cannot ship its log/g)?.length).toBe(1)
    version = await write(pair.a, "meanwhile")
    rmSync(log)
    await shipped(pair.a, version)
    expect(await shippingOf(pair.a)).toMatchObject({ lagVersions: 0, error: null })
    expect(await restored(shipping, "all")).toMatchObject({ version })
  })
})

test("a restore that is killed after its replay leaves nothing that a node would start on, and is run again", async () => {
  await withShipping(async (shipping) => {
    const version = await write(shipping.pair.a, "ada")
    await shipped(shipping.pair.a, version)
    const killed = await restore(shipping, "again", [], { [failpointVariable]: "restore.replay.after" })
    expect(killed.code).toBeNull()
    expect(readdirSync(join(shipping.pair.directory, "again"))).not.toContain("data.mdb")
    expect(await restored(shipping, "again")).toMatchObject({ version })
    expect(readdirSync(join(shipping.pair.directory, "again")).filter((name) => name.startsWith("restoring"))).toEqual([])
  })
})

describe("object storage", () => {
  test("takes the log and gives it back, and its secret is nowhere", async () => {
    const storage = new S3Server()
    const directory = join("/tmp", `tandem-s3-${process.pid}-${Math.random().toString(36).slice(2)}`)
    const place = `s3://${storage.bucket}/tandem/log`
    const pair = await RealPair.make({ flags: ["--ship-to", place, "--ship-endpoint", storage.endpoint] })
    try {
      for (const node of pair.nodes) node.start({ environment: storage.environment })
      await pair.start()
      await shipped(pair.a, await write(pair.a, "first"))
      mkdirSync(directory)
      const backup = join(directory, "first.backup")
      expect((await runCommand(["backup", backup, "--url", pair.a.url, "--data", pair.a.data], { program: "bun" })).code).toBe(0)
      storage.failing = { status: 503, code: "SlowDown" }
      let version = 0
      for (let n = 0; n < 3; n++) version = await write(pair.a, `u${n}`)
      await until("it is said", async () => (await shippingOf(pair.a)).error?.startsWith("SlowDown") === true)
      storage.failing = undefined
      await shipped(pair.a, version)
      expect([...storage.objects.keys()].every((key) => key.startsWith("tandem/log/tandem-"))).toBe(true)

      const shipping = { pair, backup, log: place }
      const { code, err } = await restore(shipping, "without-key", ["--log-endpoint", storage.endpoint], { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined })
      expect([code, err]).toEqual([78, expect.stringContaining("AWS_ACCESS_KEY_ID")])
      const made = await restore(shipping, "all", ["--log-endpoint", storage.endpoint], storage.environment)
      expect([made.code, made.err]).toEqual([0, ""])
      expect(JSON.parse(made.out)).toMatchObject({ version })
      expect(pair.printed + JSON.stringify(await pair.a.json("/status")) + made.out).not.toContain(storage.secretAccessKey)
    } finally {
      await pair.remove()
      await storage.close()
      rmSync(directory, { recursive: true, force: true })
    }
  })

  test("is refused under Deno, with a sentence, before anything is done", async () => {
    const storage = new S3Server()
    const { code, err } = await runCommand(["restore", import.meta.path, "--data", "/nowhere", "--node", "a", "--log", `s3://${storage.bucket}/x`], { program: "deno", environment: storage.environment })
    expect([code, err]).toEqual([78, expect.stringContaining("Deno has no client for it")])
    await storage.close()
  })
})
