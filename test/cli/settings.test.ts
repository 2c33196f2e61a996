// Settings from flags and environment: all are checked, and all that are wrong are named.
import { describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArguments } from "../../src/cli/flags.ts"
import { serve } from "../../src/cli/serve.ts"
import { readSettings, variableOf } from "../../src/cli/settings.ts"

const secret = "a secret of more than 32 characters, really"

function read(given: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  return readSettings(parseArguments(serve.flags, given).flags, (name) => variables[name])
}

const enough = ["--node=a", "--data=/data", "--peer=http://b.internal:4001/"]

describe("settings", () => {
  test("have defaults for all that need not be said", () => {
    const found = read(enough, { TANDEM_SECRET: secret })
    expect(found).toMatchObject({
      settings: { nodeId: "a", listen: { hostname: "127.0.0.1", port: 4000 }, peerUrl: "http://b.internal:4001", publicUrl: "http://127.0.0.1:4000", whenStuck: "exit", join: false, leaseMs: 10_000 },
    })
  })

  test("come from the environment where no flag says otherwise", () => {
    const found = read(["--lease", "3s", ...enough], { TANDEM_SECRET: secret, TANDEM_LEASE: "5s", TANDEM_LISTEN: "[::]:80", TANDEM_CORS_ORIGIN: "https://a.example, https://b.example" })
    expect(read([...enough, "--client-address-header=Fly-Client-IP"], { TANDEM_SECRET: secret })).toMatchObject({ settings: { clientAddressHeader: "Fly-Client-IP" } })
    expect(read([...enough, "--client-address-header=no header"], { TANDEM_SECRET: secret })).toHaveProperty("wrong")
    expect(found).toMatchObject({ settings: { clientAddressHeader: undefined, leaseMs: 3_000, listen: { hostname: "::", port: 80 }, corsOrigins: ["https://a.example", "https://b.example"] } })
  })

  test("that are wrong are all named at once, as they were given", () => {
    const found = read(["--data=/data", "--peer=nowhere", "--role=boss"], { TANDEM_LEASE: "soon", TANDEM_LISTEN: "4000", TANDEM_MAX_BODY: "1 apple", TANDEM_SECRET: "short" })
    expect("wrong" in found ? found.wrong.map(({ name }) => name).sort() : []).toEqual(
      ["--node", "--peer", "--role", "TANDEM_LEASE", "TANDEM_LISTEN", "TANDEM_MAX_BODY", "TANDEM_SECRET"].sort(),
    )
  })

  test("say what is kept of the past, and of which collection", () => {
    const kept = (...flags: string[]) => {
      const found = read([...enough, ...flags], { TANDEM_SECRET: secret })
      return "wrong" in found ? found.wrong : found.settings.retention
    }
    const none = new Map()
    expect(kept()).toEqual({ keep: undefined, collections: none })
    expect(kept("--retention=100000")).toEqual({ keep: { versions: 100_000, ageMs: undefined }, collections: none })
    expect(kept("--retention", "30d")).toEqual({ keep: { versions: undefined, ageMs: 30 * 86_400_000 }, collections: none })
    expect(kept("--retention=30d, 100000")).toEqual({ keep: { versions: 100_000, ageMs: 30 * 86_400_000 }, collections: none })
    expect(kept("--retention=everything", "--retention-of=goals=10,1h", "--retention-of=users=everything")).toEqual({
      keep: undefined,
      collections: new Map([["goals", { versions: 10, ageMs: 3_600_000 }], ["users", undefined]]),
    })
  })

  test("name several collections in one variable, with blanks between", () => {
    expect(read(enough, { TANDEM_SECRET: secret, TANDEM_RETENTION_OF: "goals=10,1h notes=5" })).toMatchObject({
      settings: { retention: { collections: new Map([["goals", { versions: 10, ageMs: 3_600_000 }], ["notes", { versions: 5, ageMs: undefined }]]) } },
    })
  })

  test.each(["0", "-1", "1.5", "10,20", "1h,2h", "soon", "1h,", "10ms", "99999999d", "9007199254740993", "everything,10"])("refuse to keep %s", (text) => {
    for (const flag of [`--retention=${text}`, `--retention-of=goals=${text}`]) expect(read([...enough, flag], { TANDEM_SECRET: secret })).toMatchObject({ wrong: [{}] })
  })

  test.each(["goals", "=10", "Goals=10", "collections=10", "a b=10"])("refuse to keep of a collection %s", (text) => {
    expect(read([...enough, `--retention-of=${text}`], { TANDEM_SECRET: secret })).toHaveProperty("wrong")
  })

  test("never show the secret, not even a wrong one", () => {
    expect(JSON.stringify(read(enough, { TANDEM_SECRET: "tooshort" }))).not.toContain("tooshort")
  })

  test("hold the secret of a file before that of the environment, trimmed, and only if it is long enough", () => {
    const place = mkdtempSync(join(tmpdir(), "tandem-settings-"))
    const fileOf = (name: string, text: string) => {
      writeFileSync(join(place, name), text)
      return join(place, name)
    }
    expect(read([...enough, "--secret-file", fileOf("good", `\n ${"愛".repeat(32)} \n`)], { TANDEM_SECRET: secret })).toMatchObject({ settings: { secret: "愛".repeat(32) } })
    expect(read([...enough, "--secret-file", fileOf("short", "x".repeat(31))], { TANDEM_SECRET: secret })).toMatchObject({ wrong: [{ name: "--secret-file", why: "must hold 32 characters or more" }] })
    expect(read(enough, { TANDEM_SECRET_FILE: join(place, "none") })).toMatchObject({ wrong: [{ name: "TANDEM_SECRET_FILE", why: expect.stringContaining("cannot be read") }] })
    expect(read(enough)).toMatchObject({ wrong: [{ name: "--secret-file", why: expect.stringContaining("or TANDEM_SECRET") }] })
    rmSync(place, { recursive: true })
  })

  test("that turn something on are true or false in the environment", () => {
    expect(read(enough, { TANDEM_SECRET: secret, TANDEM_JOIN: "true", TANDEM_STALE_READS: "false" })).toMatchObject({ settings: { join: true, staleReads: false } })
    expect(read(enough, { TANDEM_SECRET: secret, TANDEM_JOIN: "yes" })).toMatchObject({ wrong: [{ name: "TANDEM_JOIN" }] })
  })

  test("have bounds, and say them", () => {
    const wrong = read([...enough, "--lease=1ms", "--sync-timeout=2d", "--max-body=1"], { TANDEM_SECRET: secret })
    expect(wrong).toMatchObject({ wrong: [{ name: "--max-body" }, { name: "--sync-timeout", why: "must be between 100ms and 1d" }, { name: "--lease" }] })
  })

  test("of every flag of serve can come from the environment under one rule", () => {
    expect(["when-stuck", "node", "cors-origin"].map(variableOf)).toEqual(["TANDEM_WHEN_STUCK", "TANDEM_NODE", "TANDEM_CORS_ORIGIN"])
  })

  test("refuse one address for both listeners, and joining as a primary", () => {
    expect(read([...enough, "--peer-listen=127.0.0.1:4000"], { TANDEM_SECRET: secret })).toHaveProperty("wrong")
    expect(read([...enough, "--join", "--role=primary"], { TANDEM_SECRET: secret })).toHaveProperty("wrong")
  })

  test("that are origins have no path", () => {
    expect(read([...enough, "--cors-origin=https://a.example/app"], { TANDEM_SECRET: secret })).toHaveProperty("wrong")
  })
})
