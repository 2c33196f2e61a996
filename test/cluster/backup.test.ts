// Backups of a real node while clients write, and what can be made of them: a node, a pair, the past.
import { describe, expect, test } from "bun:test"
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { unlogged } from "../../src/operations/pair-state.ts"
import { type Failpoint, failpointVariable } from "../../src/runtime/failpoint.ts"
import { openLmdbStore } from "../../src/store/lmdb-store.ts"
import { nobody } from "../../src/store/store.ts"
import { Load } from "./load.ts"
import { runCommand } from "./real-command.ts"
import { RealNode } from "./real-node.ts"
import { freePorts, type RealPair, until } from "./real-pair.ts"
import { mayMount, SmallDisk } from "./small-disk.ts"
import { pairsWith } from "./started-pair.ts"
import { sameDigests, Witness } from "./witness.ts"

const withPair = pairsWith({ flags: ["--peer-timeout", "1s"] })

async function write(node: RealNode, id: string): Promise<number> {
  const { status, body } = await node.do({ op: "user.create", data: { id, email: `${id}@example.com` } }, id)
  expect([id, status]).toEqual([id, 200])
  return Number(body["version"])
}

async function tandem(...parameters: string[]): Promise<{ readonly code: number | null; readonly out: string; readonly said: string }> {
  const { code, out, err } = await runCommand(parameters, { program: "bun" })
  return { code, out, said: err }
}

async function backUp(node: RealNode, to: string, ...more: string[]): Promise<{ readonly file: string; readonly version: number }> {
  const { code, out, said } = await tandem("backup", to, "--url", node.url, "--data", node.data, "--json", ...more)
  expect([said, code]).toEqual(["", 0])
  return JSON.parse(out) as { file: string; version: number }
}

async function restored(from: string, data: string, ...more: string[]): Promise<{ readonly version: number; readonly clusterId: string; readonly epoch: number }> {
  const { code, out, said } = await tandem("restore", from, "--data", data, "--node", "a", "--json", ...more)
  expect([said, code]).toEqual(["", 0])
  return JSON.parse(out) as { version: number; clusterId: string; epoch: number }
}

/** A node on restored data; it looks for a replica at a port where nobody is, or at `peer`. */
async function nodeOn(pair: RealPair, data: string, peer?: { readonly own: number; readonly other: number }): Promise<RealNode> {
  const [port, own, other] = (await freePorts(3)) as [number, number, number]
  const peerPort = peer?.own ?? own
  const node = RealNode.describedBy({ name: "a", role: "primary", data, secretFile: join(pair.directory, "secret"), port, peerPort, peerUrl: `http://127.0.0.1:${peer?.other ?? other}` })
  node.start()
  await until("it answers", async () => (await node.json("/status").catch(() => undefined)) !== undefined, () => node.printed)
  return node
}

describe("a backup", () => {
  test("of a node under load holds everything that was acknowledged when it began, on either node; the load goes on (P1)", async () => {
    await withPair(async (pair) => {
      const witness = new Witness()
      const load = new Load(pair, witness)
      await load.prepare()
      load.start(4, 1)
      for (const [n, node] of [pair.a, pair.b, pair.a].entries()) {
        const before = witness.acknowledged
        await until("clients write", () => witness.acknowledged > before + 30)
        const version = await write(pair.a, `before-${n}`)
        const backup = await backUp(node, join(pair.directory, `${n}.backup`))
        expect(backup.version).toBeGreaterThanOrEqual(version)
        const data = join(pair.directory, `restored-${n}`)
        expect((await restored(backup.file, data)).version).toBe(backup.version)
        const alone = await nodeOn(pair, data)
        try {
          expect((await alone.fetch(`/users/before-${n}`)).status).toBe(200)
          for (const path of ["/users?limit=500", "/notes?limit=500"]) {
            const at = (text: unknown): unknown => (JSON.parse(JSON.stringify(text)) as { items: unknown }).items
            expect(at(await alone.json(path))).toEqual(at(await pair.a.json(`${path}&at=${backup.version}`)))
          }
        } finally {
          await alone.stop("SIGKILL")
        }
      }
      await load.stop()
      await load.settle()
    })
  })

  test("into a directory has a name of its own; older ones make room only as many as asked for", async () => {
    await withPair(async (pair) => {
      await write(pair.a, "ada")
      const directory = join(pair.directory, "backups/")
      const files = []
      for (let n = 0; n < 4; n++) files.push((await backUp(pair.a, directory, ...(n === 3 ? ["--keep", "2"] : []))).file)
      writeFileSync(join(directory, "notes.txt"), "mine")
      expect(readdirSync(directory).sort()).toEqual([...files.slice(2).map((file) => file.slice(directory.length)), "notes.txt"].sort())
      expect(statSync(files[3] ?? "").mode & 0o777).toBe(0o600)
    })
  })

  test("is made by the node itself, where it is told to; status says of which version, or why not", async () => {
    const directory = join("/tmp", `tandem-backups-${process.pid}-${Math.random().toString(36).slice(2)}`)
    await withPair(
      async ({ a }) => {
        await write(a, "ada")
        const backup = async (): Promise<{ version: number | null; error: string | null } | null> => ((await a.json("/status")) as { backup: { version: number | null; error: string | null } | null }).backup
        await until("there is one", async () => (await backup())?.version === 1, () => a.printed)
        expect(readdirSync(directory).filter((name) => name.endsWith(".backup"))).not.toEqual([])
      },
      { flags: ["--peer-timeout", "1s", "--backup-to", directory, "--backup-every", "1s", "--backup-keep", "2"] },
    )
  })

  test("that cannot be made is not: below the floor of the data's disk for who takes it elsewhere, and where a file is in the way of its directory", async () => {
    const directory = join("/tmp", `tandem-no-backups-${process.pid}-${Math.random().toString(36).slice(2)}`)
    writeFileSync(directory, "")
    try {
      await withPair(
        async ({ a, b, directory: at }) => {
          await write(a, "ada")
          const error = async (): Promise<string | null> => ((await a.json("/status")) as { backup: { error: string | null } | null }).backup?.error ?? null
          await until("status says why there is none", async () => (await error()) !== null, () => a.printed)
          await b.stop()
          b.start({ flags: ["--disk-floor", String(Number.MAX_SAFE_INTEGER)] })
          await until("b answers", async () => (await b.json("/status").catch(() => undefined)) !== undefined)
          expect(await tandem("backup", join(at, "x.backup"), "--url", b.url, "--data", b.data)).toMatchObject({ code: 75, said: expect.stringContaining("there is no room for a copy") })
        },
        { flags: ["--peer-timeout", "1s", "--backup-to", directory, "--backup-every", "1s"] },
      )
    } finally {
      rmSync(directory)
    }
  })

  test("of a stopped node is made from its directory, which a running one does not allow", async () => {
    await withPair(async ({ a, b, directory }) => {
      await write(a, "ada")
      expect(await tandem("backup", join(directory, "x.backup"), "--data", a.data)).toMatchObject({ code: 73 })
      await Promise.all([a.stop(), b.stop()])
      expect(await tandem("backup", join(directory, "x.backup"), "--data", a.data)).toMatchObject({ code: 0 })
      expect((await restored(join(directory, "x.backup"), join(directory, "r"))).version).toBe(1)
    })
  })

  test("of a node that was killed has what was acknowledged last, which its disk does not know to be committed (P1)", async () => {
    await withPair(async ({ a, b, directory }) => {
      for (const id of ["ada", "bob", "eve"]) await write(a, id)
      await Promise.all([a.stop("SIGKILL"), b.stop("SIGKILL")])
      for (const [name, { data }] of [["a", a], ["b", b]] as const) {
        const file = join(directory, `${name}.backup`)
        const { code, out } = await tandem("backup", file, "--data", data, "--json")
        expect([name, code, JSON.parse(out)]).toEqual([name, 0, expect.objectContaining({ version: 3 })])
        expect((await restored(file, join(directory, `of-${name}`))).version).toBe(3)
      }
    })
  })

  test.skipIf(!mayMount)("for which its place has no room is none, and makes no room by taking others away (needs leave to mount a disk)", async () => {
    await withPair(async ({ a, directory }) => {
      await write(a, "ada")
      const place = join(directory, "small")
      const disk = new SmallDisk(place, 64 * 1024)
      try {
        const { file } = await backUp(a, place)
        await a.stop()
        const { code, said } = await tandem("backup", place, "--data", a.data, "--keep", "1")
        expect([code, said]).toEqual([1, expect.stringMatching(/ cannot be written: .*(ENOSPC|[Nn]o space)/)])
        expect(readdirSync(place)).toEqual([basename(file)])
      } finally {
        disk.remove()
      }
    })
  })

  test("needs a key of scope admin", async () => {
    await withPair(async ({ a }) => {
      const made = await a.do({ op: "key.create", data: { name: "reader", scopes: ["read", "write", "log"] } })
      const [{ key }] = made.body["results"] as [{ key: string }]
      expect((await fetch(`${a.url}/node/backup`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(403)
    })
  })

  test("that is killed at any step leaves no backup under its name, and nothing that a next start keeps", async () => {
    const steps: readonly Failpoint[] = ["backup.copy.before", "backup.copy.after", "backup.check.after"]
    await Promise.all(
      steps.map((failpoint) =>
        withPair(async ({ a, b, directory }) => {
          await write(a, "ada")
          await b.stop("SIGKILL")
          b.start({ environment: { [failpointVariable]: failpoint } })
          await until("b answers", async () => (await b.json("/status").catch(() => undefined)) !== undefined)
          const to = join(directory, "x.backup")
          expect((await tandem("backup", to, "--url", b.url, "--data", b.data)).code).not.toBe(0)
          await until("b died of it", () => !b.running)
          expect(readdirSync(directory).filter((name) => name.startsWith("x.backup"))).toEqual([])
          b.start()
          await until("b answers", async () => (await b.json("/status").catch(() => undefined)) !== undefined)
          expect(readdirSync(b.data).filter((name) => name.startsWith("new-"))).toEqual([])
        }),
      ),
    )
  })
})

describe("a restore", () => {
  test("overwrites nothing, and takes no damaged backup", async () => {
    await withPair(async (pair) => {
      await write(pair.a, "ada")
      const { file } = await backUp(pair.a, join(pair.directory, "x.backup"))
      const data = join(pair.directory, "r")
      chmodSync(file, 0o444)
      await restored(file, data)
      const before = readFileSync(join(data, "data.mdb"))
      expect(statSync(join(data, "data.mdb")).mode & 0o777).toBe(0o600)
      expect(await tandem("restore", file, "--data", data, "--node", "a")).toMatchObject({ code: 1, said: expect.stringContaining("not overwritten") })
      expect(readFileSync(join(data, "data.mdb")).equals(before)).toBe(true)

      const bytes = readFileSync(file)
      const broken = join(pair.directory, "broken.backup")
      for (const damaged of [bytes.subarray(0, bytes.length / 2), flipped(bytes, bytes.indexOf("ada@example.com")), Buffer.alloc(bytes.length)]) {
        writeFileSync(broken, damaged)
        expect((await tandem("restore", broken, "--data", join(pair.directory, "s"), "--node", "a")).code).toBe(65)
        expect(readdirSync(join(pair.directory, "s")).filter((name) => name !== "lock")).toEqual([])
      }
    })
  })

  test("where something else is in the way ends with a sentence, and so does a backup", async () => {
    await withPair(async (pair) => {
      const { a, directory } = pair
      await write(a, "ada")
      const { file } = await backUp(a, join(directory, "x.backup"))
      const running = ["--url", a.url, "--data", a.data]
      const ways: readonly (readonly [number, string, ...string[]])[] = [
        [1, "no file: a backup is one", "restore", directory, "--data", join(directory, "r"), "--node", "a"],
        [1, "nothing is left of it", "restore", file, "--data", join(file, "r"), "--node", "a"],
        [1, "was not restored", "restore", file, "--data", join(directory, "r"), "--node", "a", "--log", file],
        [1, "cannot be written", "backup", join(file, "y.backup"), ...running],
        [1, "cannot be written", "backup", "/proc/nowhere/y.backup", ...running],
        [64, "end its name with a slash", "backup", join(directory, "missing"), "--keep", "1", ...running],
      ]
      for (const [code, says, ...command] of ways) expect([command, await tandem(...command)]).toEqual([command, expect.objectContaining({ code, said: expect.stringContaining(says) })])
      // It names the backup, and no copy of it that is gone.
      const broken = join(directory, "broken.backup")
      writeFileSync(broken, readFileSync(file).subarray(0, 8_192))
      expect(await tandem("restore", broken, "--data", join(directory, "r"), "--node", "a")).toMatchObject({ code: 65, said: expect.stringContaining(broken) })
    })
  })

  test("to an earlier version or time leaves what came later away", async () => {
    await withPair(async (pair) => {
      for (const id of ["one", "two", "three"]) await write(pair.a, id)
      const { file } = await backUp(pair.a, join(pair.directory, "x.backup"))
      const { time } = (await pair.a.json("/log/2")) as { time: string }
      expect(await restored(file, join(pair.directory, "r1"), "--to", "1")).toMatchObject({ version: 1, time: ((await pair.a.json("/log/1")) as { time: string }).time })
      const byTime = await restored(file, join(pair.directory, "r2"), "--to", time)
      expect(byTime.version).toBeGreaterThanOrEqual(2)
      expect(await tandem("restore", file, "--data", join(pair.directory, "r3"), "--node", "a", "--to", "4")).toMatchObject({ code: 1, said: expect.stringContaining("Take a later backup") })
      // A time without its zone would be another one on another machine; and a name that `serve` refuses is of no use.
      for (const [wrong, says] of [[["--node", "a", "--to", "2026-03-01T12:00:00"], "a time with its zone"], [["--node", "-a"], "a letter first"]] as const) {
        expect(await tandem("restore", file, "--data", join(pair.directory, "r4"), ...wrong)).toMatchObject({ code: 64, said: expect.stringContaining(says) })
      }
      const node = await nodeOn(pair, join(pair.directory, "r1"))
      try {
        expect((await node.fetch("/users/one")).status).toBe(200)
        expect((await node.fetch("/users/two")).status).toBe(404)
      } finally {
        await node.stop("SIGKILL")
      }
    })
  })

  test("makes a pair of its own: it takes writes once a new replica has everything", async () => {
    await withPair(async (pair) => {
      await write(pair.a, "ada")
      const clusterId = ((await pair.a.json("/status")) as { clusterId: string }).clusterId
      const { file } = await backUp(pair.a, join(pair.directory, "x.backup"))
      const data = join(pair.directory, "r")
      const made = await restored(file, data)
      expect(made.clusterId).not.toBe(clusterId)
      expect(made.epoch).toBe(2)
      const [own, other, port] = (await freePorts(3)) as [number, number, number]
      const a = await nodeOn(pair, data, { own, other })
      const b = RealNode.describedBy({ name: "b", role: "replica", data: join(pair.directory, "rb"), secretFile: join(pair.directory, "secret"), port, peerPort: other, peerUrl: `http://127.0.0.1:${own}`, flags: ["--join"] })
      try {
        expect((await a.do({ op: "user.create", data: { email: "x@example.com" } })).status).toBe(503)
        b.start()
        await until("the new pair is in sync", async () => (await a.isReady()) && (await b.isReady()), () => a.printed + b.printed)
        expect((await a.do({ op: "user.create", data: { email: "x@example.com" } })).status).toBe(200)
        expect((await b.fetch("/users/ada")).status).toBe(200)
        expect((await sameDigests({ nodes: [a, b] } as unknown as RealPair)).problems).toEqual([])
      } finally {
        await a.stop("SIGKILL")
        await b.stop("SIGKILL")
      }
    })
  })

  test("begins a reign above all that its log tells of, so that what is decided from then on gets into that (I10)", async () => {
    await withPair(async (pair) => {
      await write(pair.a, "ada")
      await until("b leads", async () => (await pair.a.decide("handover")).status === 200)
      await until("it is in the log of both", async () => (await Promise.all(pair.nodes.map(async (node) => (await node.json("/status")) as { decision: { what: string } | null }))).every(({ decision }) => decision?.what === "handover"))
      const { file } = await backUp(pair.b, join(pair.directory, "x.backup"))
      const data = join(pair.directory, "r")
      expect(await restored(file, data)).toMatchObject({ epoch: 3 })
      const store = openLmdbStore(data, nobody)
      try {
        expect(unlogged(store.identity(), store).map(({ what }) => what)).toEqual(["restore"])
      } finally {
        await store.close()
      }
    })
  })

  test("of the same cluster fences what is left of it", async () => {
    await withPair(async (pair) => {
      const { a, b } = pair
      await write(a, "ada")
      const { file } = await backUp(a, join(pair.directory, "x.backup"))
      await a.stop("SIGKILL")
      const data = join(pair.directory, "r")
      expect(await restored(file, data, "--same-cluster")).toMatchObject({ epoch: 1_001, clusterId: ((await b.json("/status")) as { clusterId: string }).clusterId })
      // The replica that is left is its replica from now on.
      const again = await nodeOn(pair, data, { own: Number(new URL(pair.primaryPeerUrl).port), other: Number(new URL(pair.replicaPeerUrl).port) })
      try {
        await until("both are in sync", async () => (await again.isReady()) && (await b.isReady()), () => again.printed + b.printed)
        expect((await again.do({ op: "user.create", data: { email: "x@example.com" } })).status).toBe(200)
        await until("b has the decision in its log", async () => ((await b.json("/status")) as { decision: { what: string } | null }).decision?.what === "restore")
        expect(await b.json("/status")).toMatchObject({ epoch: { number: 1_001 } })
      } finally {
        await again.stop("SIGKILL")
      }
    })
  })
})

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
