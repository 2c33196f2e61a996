// Guards how the code is laid out: what may import what, what is in one place only, and what must not be anywhere.
import { describe, expect, test } from "bun:test"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"

const root = join(import.meta.dirname, "..")

interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string
  readonly text: string
}

function filesUnder(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => ({ path: `${folder}/${name}`, text: readFileSync(join(root, folder, name), "utf8") }))
}

const sources = [...filesUnder("src"), { path: "server.ts", text: readFileSync(join(root, "server.ts"), "utf8") }]
// This file names what it forbids.
const tests = filesUnder("test").filter(({ path }) => path !== "test/tidy.test.ts")

/** Static, dynamic and type imports alike, apart from those in examples. */
function importsOf({ text }: SourceFile): string[] {
  return [...withoutComments(text).matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+|\brequire\s*\(\s*)"([^"]+)"/g)].map((match) => match[1] ?? "")
}

/** The folder under src/ that a file belongs to; a file right under it is its own. */
function partOf(path: string): string {
  const [top, part = ""] = path.split("/")
  return top === "src" ? part : (top ?? "")
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1")
}

function offenders(files: readonly SourceFile[], isWrong: (file: SourceFile) => boolean): string[] {
  return files.filter(isWrong).map(({ path }) => path)
}

/** Leaves that every part may use, apart from those that say otherwise. */
const leaves = ["bounds.ts", "refusal.ts", "release.ts"]

const mayImport: Readonly<Record<string, readonly string[]>> = {
  "bounds.ts": [],
  "refusal.ts": [],
  "release.ts": [],
  protocol: ["protocol"],
  store: ["store", "protocol", ...leaves],
  runtime: ["runtime", ...leaves],
  operations: ["operations", "store", "protocol", "runtime", ...leaves],
  node: ["node", "operations", "store", "protocol", "runtime", ...leaves],
  http: ["http", "node", "operations", "store", "protocol", "runtime", ...leaves],
  // The command line talks to a node as any program does.
  cli: ["cli", "client", "http", "node", "operations", "store", "protocol", "runtime", ...leaves],
  // Runs in browsers, too: nothing of the server, not even the leaves.
  client: ["client"],
  "server.ts": ["cli", "runtime"],
}

describe("imports", () => {
  test("go down only: server, cli, http, node, operations, store, protocol", () => {
    const wrong = sources.flatMap((file) => {
      const allowed = mayImport[partOf(file.path)]
      if (allowed === undefined) return [`${file.path} is in no known part`]
      const targets = importsOf(file).filter((name) => name.startsWith(".")).map((name) => normalize(join(dirname(file.path), name)))
      return targets.filter((target) => !allowed.includes(partOf(target))).map((target) => `${file.path} imports ${target}`)
    })
    expect(wrong).toEqual([])
  })

  test("of the protocol are itself and hashing, so that it stays pure", () => {
    const wrong = sources
      .filter(({ path }) => path.startsWith("src/protocol/"))
      .flatMap((file) => importsOf(file).filter((name) => !name.startsWith("./") && name !== "node:crypto").map((name) => `${file.path} imports ${name}`))
    const taken = sources
      .filter(({ path }) => path.startsWith("src/protocol/"))
      .flatMap(({ text }) => [...text.matchAll(/import\s+(?:type\s+)?\{([^}]*)\}\s+from "node:crypto"/g)].map((match) => (match[1] ?? "").trim()))
    expect(wrong).toEqual([])
    expect(taken.filter((names) => !/^(createHash|hash|timingSafeEqual|[ ,])*$/.test(names))).toEqual([])
  })

  test("of the client are itself only, and it needs nothing that browsers do not have", () => {
    const client = sources.filter(({ path }) => path.startsWith("src/client/"))
    expect(client.length).toBeGreaterThan(0)
    const wrong = client.flatMap((file) => importsOf(file).filter((name) => !name.startsWith("./")).map((name) => `${file.path} imports ${name}`))
    expect(wrong).toEqual([])
    expect(offenders(client, ({ text }) => /\b(Buffer|process|Bun|Deno|require|global)\b(?=[.(])/.test(withoutComments(text)))).toEqual([])
  })

  const homes: readonly (readonly [name: string, home: string])[] = [
    ["lmdb", "src/store/"],
    ["hono", "src/http/"],
    ["@valibot/to-json-schema", "src/http/"],
    ["bun:ffi", "src/runtime/"],
    ["bun", "src/runtime/"],
  ]
  test.each(homes)("of %s are in %s only", (name, home) => {
    const wrong = offenders(sources, (file) => !file.path.startsWith(home) && importsOf(file).some((found) => found === name || found.startsWith(`${name}/`)))
    expect(wrong).toEqual([])
  })

  test("of packages are of those that package.json names", () => {
    const known = ["hono", "lmdb", "valibot", "@valibot/to-json-schema", "bun", "bun:ffi"]
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter((name) => !name.startsWith(".") && !name.startsWith("node:"))
        .filter((name) => !known.some((allowed) => name === allowed || name.startsWith(`${allowed}/`)))
        .map((name) => `${file.path} imports ${name}`),
    )
    expect(wrong).toEqual([])
  })

  test("of own files end in .ts, and those of Node begin with node:", () => {
    const wrong = [...sources, ...tests].flatMap((file) =>
      importsOf(file)
        .filter((name) => (name.startsWith(".") ? !/\.(ts|cjs|json)$/.test(name) : ["fs", "path", "crypto", "os", "net", "util", "child_process"].includes(name)))
        .map((name) => `${file.path} imports ${name}`),
    )
    expect(wrong).toEqual([])
  })
})

describe("one place only", () => {
  const places: readonly (readonly [what: string, pattern: RegExp, home: string])[] = [
    ["the wall clock is read", /\bDate\.now\b|\bnew Date\(\)/, "src/runtime/clock.ts"],
    ["the monotonic clock is read", /\bperformance\.now\b|\bhrtime\b/, "src/runtime/clock.ts"],
    ["randomness is drawn", /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b.*from "node:crypto"|\bgetRandomValues\b|\brandomFillSync\b/, "src/runtime/random.ts"],
    ["the process is ended", /\bprocess\.(exit|abort|reallyExit)\b/, "src/runtime/exit.ts"],
    ["the environment is read", /\bprocess\.env\b|\bBun\.env\b|\bDeno\.env\b/, "src/runtime/environment.ts"],
  ]
  // The client runs elsewhere and has a place of its own.
  const clientsHome = "src/client/surroundings.ts"
  test.each(places)("%s", (_, pattern, home) => {
    expect(offenders(sources, ({ path, text }) => path !== home && path !== clientsHome && pattern.test(withoutComments(text)))).toEqual([])
  })
})

describe("absences", () => {
  const everywhere = [...sources, ...tests]
  const forbidden: readonly (readonly [what: string, pattern: RegExp])[] = [
    ["any", /(?::|<|\bas|\|)\s*any\b(?!["'`\s]*[a-z])/],
    ["switched-off checks", /@ts-(ignore|nocheck|expect-error)|eslint-disable|biome-ignore/],
    ["enum", /^\s*(export\s+)?(const\s+)?enum\s+\w/m],
    ["default exports", /^export default\b/m],
    ["unfinished business", /\b(TODO|FIXME|XXX|HACK)\b/],
    ["tests that are skipped or alone", /\b(test|it|describe)\.(skip|only|todo)\(/],
  ]
  test.each(forbidden)("no %s", (what, pattern) => {
    const isComment = what === "switched-off checks" || what === "unfinished business"
    expect(offenders(everywhere, ({ text }) => pattern.test(isComment ? text : withoutComments(text)))).toEqual([])
  })

  test("no barrels, and no files that are named after nothing", () => {
    const named = /(^|\/)(index|utils?|helpers?|common|misc|shared|manager)\.ts$|-(utils?|helpers?|manager)\.ts$/
    const barrel = /^export (\*|\{[^}]*\}) from/m
    expect(offenders(everywhere, ({ path }) => named.test(path))).toEqual([])
    expect(offenders(sources, ({ text }) => barrel.test(text))).toEqual([])
  })

  test("no machine's paths and no registry's host", () => {
    const machine = new RegExp(["/(home|Users)/[a-z]", "regis" + "try\\.npmjs", "/wor" + "k/"].join("|"))
    expect(offenders(everywhere, ({ text }) => machine.test(text))).toEqual([])
  })
})

describe("files", () => {
  test("begin with a line that says what they are", () => {
    expect(offenders([...sources, ...tests], ({ text }) => !/^(#!.*\n)?(\/\/ \S|\/\*\* ?\S)/.test(text))).toEqual([])
  })

  test("of the source have 300 lines at most", () => {
    expect(offenders(sources, ({ text }) => text.split("\n").length > 301)).toEqual([])
  })
})

describe("dependencies", () => {
  interface Manifest {
    readonly version: string
    readonly dependencies: Readonly<Record<string, string>>
    readonly devDependencies: Readonly<Record<string, string>>
  }
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest
  const all = { ...manifest.dependencies, ...manifest.devDependencies }

  test("have exact versions", () => {
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  test("are the same in the lock file", () => {
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as { packages: Record<string, { version?: string }> }
    const locked = Object.keys(all).map((name) => [name, lock.packages[`node_modules/${name}`]?.version])
    expect(Object.fromEntries(locked)).toEqual(all)
  })

  test("do not name where they were fetched from with a host of this machine", () => {
    const lock = readFileSync(join(root, "package-lock.json"), "utf8")
    expect(/"resolved": "https?:\/\/(localhost|127\.|10\.|192\.168\.)/.test(lock)).toBe(false)
  })

  test("leave the release number in one other place, which agrees", async () => {
    const { release } = await import("../src/release.ts")
    expect(release).toBe(manifest.version)
  })
})
