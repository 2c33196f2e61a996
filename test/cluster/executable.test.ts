// dist/tandem alone: copied into an empty directory, it needs nothing beside it, obeys nothing that lies there, and says in a
// sentence what it cannot do without.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test"
import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import manifest from "../../package.json"
import { freshExecutable } from "./fresh-executable.ts"
import { type CommandOptions, RealCommand, runCommand } from "./real-command.ts"
import { freePairPorts, freePorts, until } from "./real-pair.ts"

const commands = ["dev", "serve", "status", "do", "get", "log", "import", "export", "verify"]
const secret = "a secret for tests, of more than 32 characters"

let place = ""
let executable = ""
let directory = ""
const running: RealCommand[] = []

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "tandem-alone-"))
  executable = join(place, "tandem")
  copyFileSync(freshExecutable(), executable)
  chmodSync(executable, 0o755)
})
afterAll(() => rmSync(place, { recursive: true, force: true }))

function run(parameters: readonly string[], options: Omit<CommandOptions, "program"> = {}) {
  return runCommand(parameters, { program: { path: executable }, directory, ...options })
}

function start(parameters: readonly string[], options: Omit<CommandOptions, "program"> = {}): RealCommand {
  const command = new RealCommand(parameters, { program: { path: executable }, directory, ...options })
  running.push(command)
  return command
}

async function stopAll(): Promise<void> {
  for (const command of running.splice(0)) {
    if (command.running) command.signal("SIGTERM")
    await command.ended
  }
}

/** Each test has an empty directory to start in. */
function inEmptyDirectory(): void {
  directory = mkdtempSync(join(place, "in-"))
}

/** A node that will look for a peer which is not there, once it listens. */
async function startLonelyNode(options: Omit<CommandOptions, "program"> = {}, data = join(directory, "data")): Promise<RealCommand> {
  const [port = 0, peerPort = 0, nobody = 0] = await freePorts(3)
  const addresses = ["--listen", `127.0.0.1:${port}`, "--peer-listen", `127.0.0.1:${peerPort}`, "--peer", `http://127.0.0.1:${nobody}`]
  return start(["serve", "--node", "a", "--data", data, "--role", "primary", ...addresses], { ...options, environment: { TANDEM_SECRET: secret, ...options.environment } })
}

async function listens(node: RealCommand): Promise<void> {
  await until("it listens, or has ended", () => node.out.includes("Node a listens") || !node.running, () => node.printed)
  expect(node.printed).toContain("Node a listens")
}

describe("the executable, alone in a directory", () => {
  afterEach(stopAll)

  test("runs a pair, takes a write, checks its data and stops", async () => {
    inEmptyDirectory()
    const port = await freePairPorts()
    const dev = start(["dev", "--port", String(port)])
    await until("the pair is ready, or has ended", () => dev.out.includes("The pair is ready") || !dev.running, () => dev.printed)
    const client = { environment: { TANDEM_URL: `http://127.0.0.1:${port}` } }
    expect(await run(["do", "user.create", "id=ada", "email=ada@example.com"], client)).toMatchObject({ code: 0, err: "" })
    expect(await run(["get", "users/ada", "--json"], client)).toMatchObject({ code: 0, out: expect.stringContaining("ada@example.com") })
    expect(await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).json()).toMatchObject({ openapi: "3.1.0", info: { version: manifest.version } })
    dev.signalGroup("SIGINT")
    expect(await dev.ended).toEqual({ code: 0, signal: null })
    expect(await run(["verify", "--data", "data/a"])).toMatchObject({ code: 0, err: "" })
    expect(readdirSync(directory)).toEqual(["data"])
  })

  test("says its release", async () => {
    inEmptyDirectory()
    expect(await run(["--version"])).toEqual({ code: 0, out: `tandem ${manifest.version}\n`, err: "" })
  })

  test("lists its commands", async () => {
    inEmptyDirectory()
    const { code, out, err } = await run(["--help"])
    expect([code, err]).toEqual([0, ""])
    for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command} {2,}\\S`, "m"))
  })

  test.each(commands)("explains `%s` with an example, its exit codes and --json", async (command) => {
    inEmptyDirectory()
    const { code, out, err } = await run([command, "--help"])
    expect([code, err]).toEqual([0, ""])
    expect(out).toMatch(/^Examples?:\n( {2}.*\n)*.*\btandem /m)
    expect(out).toContain(`tandem ${command}`)
    expect(out).toMatch(/^Exit codes:\n +0 +done$/m)
    expect(out).toMatch(/^ +--json\b/m)
    expect(readdirSync(directory)).toEqual([])
  })
})

describe("the executable, in a directory with things for other programs in it", () => {
  const planted = join("planted.ts")

  /** Whatever a runtime might look for beside it; each would leave a file behind, or settings that show. */
  function plant(): void {
    inEmptyDirectory()
    const write = (name: string, text: string) => writeFileSync(join(directory, name), text)
    write(planted, `require("node:fs").writeFileSync(${JSON.stringify(join(directory, "obeyed"))}, "")\nmodule.exports = {}\n`)
    const preload = `preload = ["./${planted}"]\n`
    write("bunfig.toml", `${preload}[run]\n${preload}[test]\n${preload}`)
    const variables = "TANDEM_URL=http://planted.invalid:1\nTANDEM_TOKEN=planted\nTANDEM_NODE=planted\nTANDEM_PORT=1\nTANDEM_LISTEN=planted\nTMPDIR=/planted\nBUN_OPTIONS=--version\n"
    for (const name of [".env", ".env.local", ".env.production", ".env.development"]) write(name, variables)
    write("package.json", JSON.stringify({ name: "planted", version: "0.0.0", type: "commonjs", imports: { "#*": `./${planted}` }, scripts: { dev: "touch obeyed" } }))
    write("tsconfig.json", JSON.stringify({ compilerOptions: { paths: { "*": [`./${planted}`] }, jsx: "react" } }))
    for (const name of ["lmdb", "hono", "valibot", "msgpackr", "node-gyp-build-optional-packages", "@lmdb/lmdb-linux-x64"]) {
      const folder = join(directory, "node_modules", name)
      mkdirSync(folder, { recursive: true })
      copyFileSync(join(directory, planted), join(folder, "index.js"))
      writeFileSync(join(folder, "package.json"), JSON.stringify({ name, version: "99.0.0", main: "index.js" }))
    }
  }

  afterEach(async () => {
    await stopAll()
    expect(existsSync(join(directory, "obeyed"))).toBe(false)
  })

  test("runs a node as if nothing were there", async () => {
    plant()
    await listens(await startLonelyNode())
  })

  test("knows no setting that only a .env file there has", async () => {
    plant()
    const { code, err } = await run(["serve"])
    expect(code).toBe(78)
    for (const flag of ["--node", "--data", "--peer", "--secret-file"]) expect(err).toContain(`  ${flag} is missing`)
    expect(err).not.toContain("planted")
    expect((await run(["status"])).err).not.toContain("planted")
  })

  test("says its own release and runs its own commands", async () => {
    plant()
    expect((await run(["--version"])).out).toBe(`tandem ${manifest.version}\n`)
    expect((await run(["dev", "--help"])).out).toContain("tandem dev")
  })
})

const mayMount = spawnSync("unshare", ["--mount", "true"]).status === 0

/** Runs what follows where the whole file system is read-only but for these directories; `mounts` are made there first. */
function readOnlyBut(writable: readonly string[], mounts: readonly string[] = []): readonly string[] {
  const again = writable.map((path) => `mount --bind '${path}' '${path}'`)
  const script = [...again, ...mounts, ...readOnlyMounts(writable), 'exec "$@"'].join(" && ")
  return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
}

/** Every mount that can be written now, apart from these and from what the kernel shows as files. */
function readOnlyMounts(writable: readonly string[]): readonly string[] {
  const kernels = /^\/(proc|sys|dev)(\/|$)/
  const all = readFileSync("/proc/self/mounts", "utf8").trimEnd().split("\n").map((line) => line.split(" ")[1] ?? "")
  return all.filter((path) => !kernels.test(path) && !writable.includes(path)).map((path) => `mount -o remount,bind,ro '${path}'`)
}

describe("the executable and the file system", () => {
  afterEach(stopAll)

  test("writes to its data directory and the one for temporary files, and nowhere else", async () => {
    inEmptyDirectory()
    const [data, temporary] = [join(directory, "data"), join(directory, "tmp")]
    for (const path of [data, temporary]) mkdirSync(path)
    if (mayMount) {
      const under = readOnlyBut([data, temporary])
      await listens(await startLonelyNode({ under, environment: { TMPDIR: temporary } }, data))
    } else {
      chmodSync(directory, 0o555)
      await listens(await startLonelyNode({ environment: { TMPDIR: temporary } }, data))
    }
    expect(readdirSync(data)).toContain("data.mdb")
    expect(readdirSync(directory).sort()).toEqual(["data", "tmp"])
    chmodSync(directory, 0o755)
  })

  const unusable: readonly (readonly [what: string, place: () => string, mount: string | undefined])[] = [
    ["is missing", () => join(directory, "nowhere"), undefined],
    ["is a file", () => executable, undefined],
    ["cannot be written", () => join(directory, "tmp"), "mount -t tmpfs -o ro none"],
    ["is mounted noexec", () => join(directory, "tmp"), "mount -t tmpfs -o noexec none"],
    ["is full", () => join(directory, "tmp"), "mount -t tmpfs -o size=64k none"],
  ]
  // Without the right to mount there is nothing to show for the last three.
  test.each(unusable.filter(([, , mount]) => mount === undefined || mayMount))("where the directory for temporary files %s it says so and ends with 78", async (_, placeOf, mount) => {
    inEmptyDirectory()
    mkdirSync(join(directory, "tmp"))
    const temporary = placeOf()
    const under = mount === undefined ? [] : ["unshare", "--mount", "--propagation", "private", "sh", "-c", `${mount} '${temporary}' && exec "$@"`, "sh"]
    const node = await startLonelyNode({ under, environment: { TMPDIR: temporary } })
    expect([await node.ended, node.out]).toEqual([{ code: 78, signal: null }, ""])
    expect(node.err).toContain("native code cannot be loaded")
    expect(node.err).toContain(`It is unpacked into ${temporary}: `)
    expect(node.err).toContain("TMPDIR")
    expect(node.err).not.toMatch(/^\s+at /m)
    expect(existsSync(join(directory, "data"))).toBe(false)
  })

  test("and client commands need no directory for temporary files at all", async () => {
    inEmptyDirectory()
    const options = { environment: { TMPDIR: join(directory, "nowhere") } }
    expect((await run(["--version"], options)).code).toBe(0)
    const [nobody = 0] = await freePorts(1)
    const { code, err } = await run(["status", "--url", `http://127.0.0.1:${nobody}`], options)
    expect(code).toBe(75)
    expect(err).toContain(`http://127.0.0.1:${nobody}`)
  })

  test("`tandem dev` gives up with 78 as well, instead of starting its nodes again and again", async () => {
    inEmptyDirectory()
    const { code, out } = await run(["dev", "--port", String(await freePairPorts())], { environment: { TMPDIR: join(directory, "nowhere") } })
    expect(code).toBe(78)
    expect(out).toContain("TMPDIR")
    expect(out).not.toContain("starting it again in")
  })
})
