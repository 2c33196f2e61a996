// The client commands against a real pair, as a person and as a program use them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { RealCommand, runCommand } from "../cluster/real-command.ts"
import { RealPair, until } from "../cluster/real-pair.ts"
import { type Given, jsonLines, resultAt, variablesOf } from "./command-result.ts"

let pair: RealPair

beforeAll(async () => {
  pair = await (await RealPair.make()).start()
})

afterAll(() => pair.remove())

const run = (...given: string[]) => resultAt(pair.a, given)
const runWith = (options: Given, ...given: string[]) => resultAt(pair.a, given, options)
/** As a process of its own. */
const options = () => ({ program: "bun", environment: variablesOf(pair.a) }) as const
const committed = async () => Number(((await pair.a.json("/status")) as { committed: number }).committed)

describe("do", () => {
  test("takes an operation as words, and shows what came of it", async () => {
    const { code, out } = await run("do", "user.create", "id=17", "email=Ada@b.c", "name=Ada", "verified=true", 'data={"plan":"pro"}')
    expect(code).toBe(0)
    const [head = "", ...json] = out.split("\n")
    expect(head).toMatch(/^Version \d+$/)
    expect(JSON.parse(json.join("\n"))).toMatchObject({ id: "17", email: "Ada@b.c", name: "Ada", verified: true, data: { plan: "pro" } })
  })

  test("takes a transaction as JSON, from its argument or from standard input", async () => {
    const transaction = (id: string) => JSON.stringify({ operations: [{ op: "collection.define", data: { name: id } }, { op: "document.create", data: { collection: id, id: "1", value: {} } }] })
    expect(jsonLines(await run("do", transaction("fromargument"), "--json"))[0]).toMatchObject({ results: [{ id: "fromargument" }, { id: "1" }] })
    expect(jsonLines(await runWith({ input: transaction("frominput") }, "do", "-", "--json"))[0]).toMatchObject({ results: [{ id: "frominput" }, { id: "1" }] })
    const bare = JSON.stringify({ op: "document.create", data: { collection: "frominput", id: "2", value: { n: 1 } } })
    expect((await runWith({ input: bare }, "do", "-")).code).toBe(0)
  })

  test("counts in a document, and takes a version back", async () => {
    await run("do", "collection.define", "name=counters")
    await run("do", "document.create", "collection=counters", "id=visits", "value.n=1")
    const raised = jsonLines(await run("do", "document.increment", "collection=counters", "id=visits", "field=n", "by=2", "max=3", "--json"))[0] as { version: number }
    expect(raised).toMatchObject({ results: [{ value: { n: 3 } }] })
    const full = await run("do", "document.increment", "collection=counters", "id=visits", "field=n", "by=1", "max=3")
    expect([full.code, full.notes]).toEqual([1, expect.stringContaining("above the maximum 3")])
    const { code, out } = await run("do", "revert", `version=${raised.version}`)
    expect([code, out]).toEqual([0, expect.stringContaining('"change": "updated"')])
    expect(jsonLines(await run("get", "counters/visits", "--json"))[0]).toMatchObject({ value: { n: 1 } })
    expect(JSON.parse((await run("get", "counters/visits/history", "--json")).out)).toMatchObject({ items: [{ op: "revert" }, { op: "document.increment" }, { op: "document.create" }] })
  })

  test("of a dry run leaves no trace", async () => {
    const before = await committed()
    const { code, out } = await run("do", "--dry-run", "user.create", "email=dry@b.c")
    expect(code).toBe(0)
    expect(out).toStartWith(`Would be version ${before + 1}; nothing was written.\n`)
    expect(await committed()).toBe(before)
  })

  test("with a key is done once, and with a note says why in the history", async () => {
    const created = ["do", "user.create", "id=once", "email=once@b.c", "--key", "k1", "--note", "for once", "--json"]
    const first = await run(...created)
    expect(first.code).toBe(0)
    expect(jsonLines(await run(...created))).toEqual(jsonLines(first))
    expect((await run("get", "users/once/history")).out).toContain("for once")
  })

  test("sends a key of its own where none is given, so that what is not known can be found out (P3)", async () => {
    await run("do", "user.create", "id=keyed", "email=keyed@b.c")
    const [last] = jsonLines(await run("log", "--from", String(await committed()), "--json"))
    expect(last).toMatchObject({ key: expect.stringMatching(/^[0-9a-f]{32}$/) })
  })

  test("says what is wrong with each field, and ends with 1", async () => {
    const { code, notes } = await run("do", "user.create", "email=nobody", "verified=maybe")
    expect(code).toBe(1)
    expect(notes).toContain("  /email: ")
    expect(notes).toContain("  /verified: ")
  })

  test("at a replica says where the primary is", async () => {
    const { code, notes } = await resultAt(pair.b, ["do", "user.create", "email=x@b.c"])
    expect(code).toBe(1)
    expect(notes).toContain(`use --url ${pair.a.url}`)
  })

  test("refuses what is no transaction as wrong usage", async () => {
    for (const wrong of [[], ["{oops"], ["{}", "x"], ["-"], ["user.create", "Ada"]]) expect((await run("do", ...wrong)).code).toBe(64)
  })
})

describe("get", () => {
  beforeAll(async () => {
    await run("do", "collection.define", "name=goals")
    await run("do", "document.create", "collection=goals", "id=a/b", "value.title=First", "value.done=false")
    await run("do", "document.patch", "collection=goals", "id=a/b", "patch.done=true", "--note", "well done")
    await run("do", "document.create", "collection=goals", "id=愛", 'value={"text":"\\u001b[2J\\u009b1m"}')
    await run("do", "document.patch", "collection=goals", "id=愛", 'patch={"text":"愛\\u001b[2J\\u009b1m"}')
  })

  test("reads an entity, by its id or a user's address, on either node", async () => {
    expect(JSON.parse((await run("get", "goals/a/b")).out)).toMatchObject({ id: "a/b", value: { title: "First", done: true } })
    expect(jsonLines(await run("get", "users", "--email", "ADA@b.c", "--json"))[0]).toMatchObject({ id: "17" })
    expect(jsonLines(await resultAt(pair.b, ["get", "users?email=ada@b.c", "--json"]))[0]).toMatchObject({ id: "17" })
  })

  test("reads as of a version and as of a time (P7)", async () => {
    const history = jsonLines(await run("get", "goals/a/b/history", "--json"))[0] as { items: { version: number; time: string }[] }
    const created = history.items.at(-1)
    for (const when of [["--at", String(created?.version)], ["--at-time", created?.time ?? ""]]) {
      expect(jsonLines(await run("get", "goals/a/b", ...when, "--json"))[0]).toMatchObject({ value: { done: false }, version: created?.version })
      expect(jsonLines(await run("get", "goals", ...when, "--json"))[0]).toMatchObject({ items: [{ id: "a/b" }] })
    }
  })

  test("shows a list in columns, a page at a time", async () => {
    const first = await run("get", "goals", "--limit", "1")
    expect(first.out).toMatch(/^id {3}updatedAt +version  value\na\/b  \S+ +\d+ +\{"title":"First","done":true\}\n$/)
    const [, cursor = ""] = /^More with --cursor (\S+)$/.exec(first.notes) ?? []
    const second = await run("get", "goals", "--cursor", cursor)
    expect(second.out).toContain("愛")
    expect(second.notes).toBe("")
  })

  test("filters, sorts and counts a list, with flags or as in a URL", async () => {
    await run("do", "user.create", "id=18", "email=zoe@b.c", 'data={"plan":"free","seats":2}')
    const first = await run("get", "users", "--filter", "email.gte=a", "--filter", "email.lt=zz", "--sort", "-email", "--fields", "plan", "--count", "--limit", "1", "--json")
    const page = jsonLines(first)[0] as { items: object[]; count: number; next: string }
    expect(page.items).toEqual([expect.objectContaining({ id: "18", data: { plan: "free" } })])
    expect(page.count).toBeGreaterThan(1)
    const asUrl = await run("get", `users?email.gte=a&email.lt=zz&sort=-email&cursor=${page.next}&count=true`)
    expect(asUrl.out).not.toContain("zoe@b.c")
    expect(asUrl.notes).toContain(`${page.count} in all.`)
    const wrong = await run("get", "goals", "--filter", "done=true")
    expect([wrong.code, wrong.notes]).toEqual([1, expect.stringContaining("collection.define of `goals`")])
    expect(await run("get", "goals", "--filter", "done")).toMatchObject({ code: 64, notes: expect.stringContaining("done is no filter") })
  })

  test("shows a history, newest first, with what changed", async () => {
    const { out } = await run("get", "goals/a/b/history")
    expect(out).toMatch(/^version \d+ {2}\S+ {2}updated {2}root {2}document\.patch {2}well done\n/)
    expect(out).toMatch(/\n {2}~ {2}\/value\/done +true\n/)
    expect(out).toMatch(/\n\nversion \d+ {2}\S+ {2}created {2}root {2}document\.create\n$/)
  })

  test("and log, export and do print nothing that moves a cursor, as text or as JSON", async () => {
    const all = [["get", "goals"], ["get", "goals", "--json"], ["get", "goals/愛"], ["get", "goals/愛/history"], ["log", "--from", "1"], ["log", "--from", "1", "--json"], ["export"]]
    for (const given of all) {
      const { code, out } = await run(...given)
      expect([given.join(" "), code, out.includes("愛"), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(out)]).toEqual([given.join(" "), 0, true, false])
    }
  })

  test("is coloured on a terminal that shows colours only, and cut at its edge", async () => {
    const shown = await runWith({ terminal: { shown: true, colours: true, columns: 60 } }, "get", "goals")
    expect(shown.out).toContain("\u001b[")
    for (const line of Bun.stripANSI(shown.out).split("\n")) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(60)
    expect((await run("get", "goals")).out).not.toContain("\u001b")
  })

  test("says what is not there, and what cannot be asked, and ends with 1", async () => {
    for (const [given, said] of [
      [["get", "nothing"], "There is no collection `nothing`"],
      [["get", "users/nobody"], "There is no such entity in `users`"],
      [["get", "goals", "--at", "999999"], "beyond"],
      [["get", "goals", "--at", "x"], "not a whole number"],
      [["get", "goals", "--limit", "501"], "limit"],
    ] as const) {
      const { code, notes, out } = await run(...given)
      expect([code, out]).toEqual([1, ""])
      expect(notes).toContain(said)
    }
  })

  test("of an empty list says so, and prints nothing", async () => {
    await run("do", "collection.define", "name=empty")
    expect(await run("get", "empty")).toEqual({ code: 0, out: "", notes: "Nothing here." })
  })
})

describe("log", () => {
  test("shows one line for each record, in columns: version, time, who, what, on what", async () => {
    const { out } = await run("log", "--from", "1", "--limit", "3")
    expect(out.split("\n")[0]).toMatch(/^1 {2}\d{4}-\S+Z {2}root {2}user\.create +users\/17$/)
    expect(out.trimEnd().split("\n")).toHaveLength(3)
  })

  test("shows the newest twenty where nothing is asked for", async () => {
    const newest = await committed()
    const versions = jsonLines(await run("log", "--json")).map(({ version }) => version)
    expect(versions).toEqual(Array.from({ length: Math.min(20, newest) }, (_, n) => Math.max(1, newest - 19) + n))
  })

  test("shows as many of the newest as are asked for", async () => {
    const newest = await committed()
    expect(jsonLines(await run("log", "--json", "--limit", "2")).map(({ version }) => version)).toEqual([newest - 1, newest])
  })

  test("as JSON is one object on each line, whose parent is the digest of the one before", async () => {
    const records = jsonLines(await run("log", "--from", "1", "--json"))
    expect(records.map(({ version }) => version)).toEqual(Array.from({ length: await committed() }, (_, n) => n + 1))
    for (const [n, { parent }] of records.entries()) if (n > 0) expect(parent).toBe(records[n - 1]?.["digest"])
  })

  test("is the same on both nodes (P1)", async () => {
    const last = String(await committed())
    const replica = () => resultAt(pair.b, ["log", "--from", last, "--json"])
    await until("the replica has committed it", async () => (await replica()).out !== "")
    expect((await replica()).out).toBe((await run("log", "--from", last, "--json")).out)
  })

  test("refuses a version or count that is none as wrong usage", async () => {
    for (const wrong of ["0", "-1", "1.5", "x"]) expect((await run("log", `--from=${wrong}`)).code).toBe(64)
    expect((await run("log", "--limit=none")).code).toBe(64)
  })

  test("that follows goes on over a restart of the node, and ends with 0 at Ctrl-C", async () => {
    const from = (await committed()) + 1
    const following = new RealCommand(["log", "--follow", "--json", "--from", String(from)], options())
    const seen = () => jsonLines(following).map(({ version }) => version)
    await run("do", "user.create", "email=before@b.c")
    await until("it shows what is committed", () => seen().length === 1, () => following.printed)
    await pair.a.stop("SIGKILL")
    await until("it says that it waits", () => following.err.includes("Waiting for it"), () => following.printed)
    await pair.start()
    await run("do", "user.create", "email=after@b.c")
    await until("it shows what came after the restart", () => seen().length === 2, () => following.printed)
    expect(seen()).toEqual([from, from + 1])
    following.signal("SIGINT")
    expect(await following.ended).toEqual({ code: 0, signal: null })
    expect(following.err).toContain("It answers again.")
    expect(following.err.split("\n").filter((line) => line.includes("Waiting for it"))).toHaveLength(1)
  })
})

describe("status", () => {
  test("shows both nodes, and as JSON the answer as it is", async () => {
    const { code, out } = await run("status")
    expect(code).toBe(0)
    expect(out).toMatch(/^node +a {2}primary {2}release \S+\n/)
    expect(out).toMatch(/\npeer +b {2}reachable {2}in sync\n/)
    expect(jsonLines(await run("status", "--json"))[0]).toMatchObject({ node: "a", role: "primary", mode: "paired", peer: { node: "b", inSync: true } })
    expect((await resultAt(pair.b, ["status"])).out).toMatch(/^node +b {2}replica/)
  })
})

describe("who may", () => {
  const withoutToken = (environment: Readonly<Record<string, string>>) =>
    runCommand(["status"], { program: "bun", directory: pair.directory, environment: { TANDEM_URL: pair.a.url, ...environment } })

  test("is said by a key from the environment, a file, or the root key of a data directory", async () => {
    expect((await withoutToken({ TANDEM_TOKEN: pair.a.rootKey })).code).toBe(0)
    expect((await withoutToken({ TANDEM_DATA: pair.a.data })).code).toBe(0)
    expect((await withoutToken({ TANDEM_DATA: pair.directory })).code).toBe(0)
    const file = join(pair.directory, "key")
    writeFileSync(file, `${pair.a.rootKey}\n`)
    expect((await run("status", "--token-file", file)).code).toBe(0)
    expect((await run("status", "--token-file", join(pair.directory, "none"))).code).toBe(1)
  })

  test("is asked for where there is no key, a wrong one, or one without the scope", async () => {
    expect(await withoutToken({})).toMatchObject({ code: 1, err: expect.stringContaining("No API key was found") })
    expect(await withoutToken({ TANDEM_TOKEN: "tk_wrong" })).toMatchObject({ code: 1, err: expect.stringContaining("not revoked?") })
    const { out } = await run("do", "key.create", "name=reader", 'scopes=["read"]', "--json")
    const [{ results }] = jsonLines({ out }) as unknown as [{ results: [{ key: string }] }]
    const refused = await runCommand(["log"], { program: "bun", environment: { TANDEM_URL: pair.a.url, TANDEM_TOKEN: results[0].key } })
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("scope log") })
  })

  test("is never shown, not even where it cannot be a key", async () => {
    for (const token of ["one\ntwo-secret", "sécret", "two words-secret"]) {
      const { code, out, err } = await withoutToken({ TANDEM_TOKEN: token })
      expect([code, out]).toEqual([1, ""])
      expect(err).toContain("TANDEM_TOKEN holds no API key.")
      expect(err).not.toContain("cret")
    }
  })
})

describe("a command", () => {
  test("ends quietly, with 0, when nobody reads on", async () => {
    for (const given of ["log --from 1 --json", "export", "log --follow", "get users"]) {
      // It can only notice by writing, so it is given something to write.
      const script = `"$@" ${given} | head -1 >first; echo "\${PIPESTATUS[0]}"`
      const { out, err, code } = await bash(script, given.includes("follow"))
      expect([given, out, err.replace(/^\d+ entit\S+ as of .*\n$/, ""), code]).toEqual([given, "0\n", "", 0])
    }
  })

  test("whose results cannot be written fails and says so: no part passes for the whole", async () => {
    for (const given of ["export", "log --json", "get users", "status"]) {
      const { out, err } = await bash(`"$@" ${given} >/dev/full; echo "$?"`)
      expect([given, out]).toEqual([given, "1\n"])
      expect(err).toContain("The output cannot be written")
    }
  })

  test("writes all of it before it ends, however slowly it is read", async () => {
    await run("do", "document.create", "collection=goals", "id=large", `value.text=${"x".repeat(300_000)}`)
    const { out } = await bash(`"$@" get goals/large --json | (sleep 0.2; wc -c); "$@" get goals/large --json | wc -c`)
    const [slow, fast] = out.trim().split(/\s+/)
    expect(Number(slow)).toBeGreaterThan(300_000)
    expect(slow).toBe(fast)
  })

  test("is not coloured through a pipe", async () => {
    const { out } = await bash(`"$@" get goals; "$@" log; "$@" status; "$@" frob 2>&1 || true`)
    expect(out).not.toContain("\u001b")
    expect(out).toContain("There is no command frob.")
  })

  test("asks no proxy for what listens on this machine", async () => {
    const nowhere = "http://127.0.0.1:9"
    const { code } = await runCommand(["status"], { program: "bun", environment: { ...variablesOf(pair.a), HTTP_PROXY: nowhere, http_proxy: nowhere } })
    expect(code).toBe(0)
  })

  test("at a listener that is no node's says so, and ends with 1", async () => {
    const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: ({ url }) => (url.endsWith("/status") ? new Response("hello") : Response.redirect("https://elsewhere.example/")) })
    try {
      const at = `--url=http://127.0.0.1:${other.port}`
      expect(await run("status", at)).toMatchObject({ code: 1, notes: expect.stringContaining("does not answer as a node does") })
      expect(await run("get", "users", at)).toMatchObject({ code: 1, notes: expect.stringContaining("It redirects to https://elsewhere.example/") })
    } finally {
      await other.stop(true)
    }
  })

  /** `$@` is the program. With `writing`, something is committed until it ends. */
  async function bash(script: string, writing = false): Promise<{ readonly out: string; readonly err: string; readonly code: number | null }> {
    const command = new RealCommand([], { ...options(), directory: pair.directory, under: ["bash", "-c", script, "bash"] })
    command.endInput()
    while (writing && command.running) await run("do", "document.put", "collection=goals", "id=often", "value.n=1")
    const { code } = await command.ended
    return { out: command.out, err: command.err, code }
  }
})

describe("verify", () => {
  test("of a running node shows a digest that both share (P6)", async () => {
    const at = (url: string) => run("verify", "--url", url, "--json")
    const both = async () => [jsonLines(await at(pair.a.url))[0], jsonLines(await at(pair.b.url))[0]]
    await until("both have committed the same", async () => {
      const [a, b] = await both()
      return a?.["version"] === b?.["version"]
    })
    const [a, b] = await both()
    expect(a).toMatchObject({ version: await committed(), problems: [], digest: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(b).toEqual(a)
    expect(await run("verify", "--url", pair.a.url)).toMatchObject({ code: 0, out: expect.stringContaining("No problems found.") })
  })

  test("of a stopped node shows the same, and of a running one's disk ends with 73", async () => {
    const running = jsonLines(await run("verify", "--url", pair.b.url, "--json"))[0]
    expect(await runCommand(["verify", "--data", pair.b.data], { program: "bun" })).toMatchObject({ code: 73, err: expect.stringContaining("in use by a running node") })
    await pair.b.stop()
    const stopped = await runCommand(["verify", "--data", pair.b.data, "--json"], { program: "bun" })
    expect(stopped).toMatchObject({ code: 0, err: "" })
    expect(jsonLines(stopped)[0]).toEqual(running)
    // From the environment, too.
    expect((await runCommand(["verify"], { program: "bun", environment: { TANDEM_DATA: pair.b.data } })).code).toBe(0)
    await pair.start()
  })

  test("of no node, or of a directory without data, says what to do", async () => {
    const verify = (...given: string[]) => runCommand(["verify", ...given], { program: "bun" })
    expect(await verify()).toMatchObject({ code: 64, err: expect.stringContaining("--data of a stopped one") })
    expect(await verify("--data", pair.directory)).toMatchObject({ code: 1, err: expect.stringContaining("There is no node's data") })
  })
})
