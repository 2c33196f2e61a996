// Settings from flags and environment: all are checked, and all that are wrong are named.
import { describe, expect, test } from "bun:test"
import { parseArguments } from "../../src/cli/flags.ts"
import { serve } from "../../src/cli/serve.ts"
import { readSettings } from "../../src/cli/settings.ts"

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
    expect(found).toMatchObject({ settings: { leaseMs: 3_000, listen: { hostname: "::", port: 80 }, corsOrigins: ["https://a.example", "https://b.example"] } })
  })

  test("that are wrong are all named at once, as they were given", () => {
    const found = read(["--data=/data", "--peer=nowhere", "--role=boss"], { TANDEM_LEASE: "soon", TANDEM_LISTEN: "4000", TANDEM_MAX_BODY: "1 apple", TANDEM_SECRET: "short" })
    expect("wrong" in found ? found.wrong.map(({ name }) => name).sort() : []).toEqual(
      ["--node", "--peer", "--role", "TANDEM_LEASE", "TANDEM_LISTEN", "TANDEM_MAX_BODY", "TANDEM_SECRET"].sort(),
    )
  })

  test("never show the secret, not even a wrong one", () => {
    expect(JSON.stringify(read(enough, { TANDEM_SECRET: "tooshort" }))).not.toContain("tooshort")
  })

  test("refuse one address for both listeners, and joining as a primary", () => {
    expect(read([...enough, "--peer-listen=127.0.0.1:4000"], { TANDEM_SECRET: secret })).toHaveProperty("wrong")
    expect(read([...enough, "--join", "--role=primary"], { TANDEM_SECRET: secret })).toHaveProperty("wrong")
  })

  test("that are origins have no path", () => {
    expect(read([...enough, "--cors-origin=https://a.example/app"], { TANDEM_SECRET: secret })).toHaveProperty("wrong")
  })
})
