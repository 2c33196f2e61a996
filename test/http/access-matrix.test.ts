// Every route and every operation, asked by everyone under every access rule, against the declared table. What may not be seen is
// answered, to the byte, as what is not there.
import { beforeAll, describe, expect, test } from "bun:test"
import { routes } from "../../src/http/routes.ts"
import { operations } from "../../src/operations/registry.ts"
import { allows, scopes } from "../../src/operations/scope.ts"
import { type AskedOperation, type AskedRoute, askedOperations, askedRoutes, type Outcome, type Outcomes, type RuleName, rules } from "./access-table.ts"
import { type Answer, Harness, inside, rootToken } from "./harness.ts"

const mark = "what-the-owner-wrote"
const fields = { owner: { type: "reference", to: "users", onDelete: "cascade" }, title: { type: "string" }, n: { type: "number" } }

class World {
  readonly tandem = new Harness()
  /** Who is asked for, by name; null has no token. */
  readonly tokens = new Map<string, string | null>()
  readonly names = new Map<string, string>()
  readonly #rule: RuleName

  constructor(rule: RuleName) {
    this.#rule = rule
  }

  async fill(): Promise<void> {
    const { tandem } = this
    const access = (owner: string) => Object.fromEntries(["create", "read", "update", "delete"].map((action) => [action, this.#rule === "owner" ? owner : this.#rule]))
    for (const id of ["ada", "bob", "cyd"]) await tandem.commit({ op: "user.create", data: { id, email: `${id}@example.com`, name: id === "ada" ? mark : id } })
    await tandem.commit({ op: "credential.setPassword", data: { userId: "ada", password: "right horse" } }, { op: "credential.link", data: { userId: "ada", issuer: "https://id.example", subject: "ada" } })
    await tandem.commit({ op: "collection.define", data: { name: "users", access: access("owner:id") } }, { op: "collection.define", data: { name: "goals", fields, access: access("owner:owner") } })
    await tandem.commit({ op: "document.create", data: { collection: "goals", id: "g1", value: { owner: "ada", title: mark, n: 1 } } })
    await this.#sessions()
    await this.#keys()
    this.tokens.set("anonymous", null)
    this.tokens.set("garbage", "ts_garbage")
    for (const name of ["ADA", "G1"]) this.names.set(name, name.toLowerCase())
    this.names.set("AT", String(tandem.node.committed()))
  }

  async #sessions(): Promise<void> {
    for (const [who, userId, ttl] of [["owner", "ada"], ["other", "bob"], ["disabled", "cyd"], ["revoked", "ada"], ["expired", "ada", "1s"]] as const) {
      const made = await this.tandem.commit({ op: "session.create", data: { userId, data: { device: mark }, ...(ttl === undefined ? {} : { ttl }) } })
      this.tokens.set(who, String(inside(made.json, "results", 0, "token")))
      this.names.set(who, String(inside(made.json, "results", 0, "id")))
    }
    this.names.set("SESSION", this.names.get("owner") ?? "")
    await this.tandem.commit({ op: "session.revoke", data: { id: this.names.get("revoked") } }, { op: "user.update", data: { id: "cyd", disabled: true } })
    this.tandem.node.nowMs += 2_000
  }

  async #keys(): Promise<void> {
    this.tokens.set("root", rootToken)
    const expiresAt = new Date(this.tandem.node.nowMs + 60_000).toISOString()
    const kinds = [...scopes.map((scope) => ({ who: `key:${scope}`, scopes: [scope] })), { who: "expired key", scopes: ["admin"], expiresAt }, { who: "revoked key", scopes: ["admin"] }]
    for (const { who, ...data } of kinds) {
      const made = await this.tandem.commit({ op: "key.create", data: { name: who, ...data } })
      this.tokens.set(who, String(inside(made.json, "results", 0, "key")))
      this.names.set(who, String(inside(made.json, "results", 0, "id")))
    }
    this.names.set("KEY", this.names.get("key:read") ?? "")
    await this.tandem.commit({ op: "key.revoke", data: { id: this.names.get("revoked key") } })
    this.tandem.node.nowMs += 61_000
  }

  /** Names in capitals are those of what is there, or of what is not. */
  named(text: string, there = true): string {
    return text.replaceAll(/\b(ADA|G1|SESSION|KEY|AT)\b/g, (name) => (there || name === "AT" ? (this.names.get(name) ?? name) : `no-${name.toLowerCase()}`))
  }
}

const dead = ["garbage", "disabled", "revoked", "expired", "expired key", "revoked key"] as const
const keys = ["root", ...scopes.map((scope) => `key:${scope}`)] as const

/** What somebody must be answered. */
function expectedOf(asked: AskedRoute | AskedOperation, who: string, rule: RuleName): Outcome {
  if (asked.key === "public") return 200
  if ((dead as readonly string[]).includes(who)) return 401
  if (who === "owner" || who === "other" || who === "anonymous") return ofRule(asked[who], rule)
  const scope = who === "root" ? "admin" : who.slice("key:".length)
  const isEnough = asked.key === "any" || allows({ name: who, scopes: [scope as (typeof scopes)[number]] }, asked.key)
  return isEnough ? (asked.granted ?? 200) : 403
}

function ofRule(outcomes: Outcomes, rule: RuleName): Outcome {
  return typeof outcomes === "object" ? outcomes[rules.indexOf(rule)] ?? 0 : outcomes
}

function outcomeOf({ status, text }: Answer, expected: Outcome): Outcome {
  if (typeof expected === "number" || status !== 200) return status
  return text.includes(mark) ? "shown" : "empty"
}

/** Without what was asked for by name. */
function blank(world: World, text: string, there: boolean): string {
  let blanked = text
  for (const name of ["ADA", "G1", "SESSION"]) blanked = blanked.replaceAll(`\`${world.named(name, there)}\``, name)
  return blanked
}

test("the table has every route and every operation, and no other", () => {
  expect([...new Set(askedRoutes.map(({ route }) => route))].sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort())
  expect([...new Set(askedOperations.map(({ op }) => op))].sort()).toEqual(operations.map(({ name }) => name).sort())
})

describe.each(rules)("under the rule %s", (rule) => {
  const world = new World(rule)
  beforeAll(() => world.fill())

  const askRoute = (asked: AskedRoute, who: string, there = true): Promise<Answer> => {
    const [method = ""] = asked.route.split(" ")
    const type = asked.path === "/do/stream" ? { "content-type": "application/x-ndjson" } : undefined
    return world.tandem.send(method, world.named(asked.path, there), { token: world.tokens.get(who) ?? null, ...(asked.body === undefined ? {} : { body: asked.body }), ...(type && { headers: type }) })
  }

  /** Dry, so that the next one finds the same; alone or after one that everybody may ask for. */
  const askOperation = ({ op, data }: AskedOperation, who: string, there = true): Promise<Answer> =>
    world.tandem.send("POST", "/do", { token: world.tokens.get(who) ?? null, body: { op, data: JSON.parse(world.named(JSON.stringify(data), there)) as object, dryRun: true } })

  async function compare<Asked extends AskedRoute | AskedOperation>(asked: Asked, ask: (asked: Asked, who: string, there?: boolean) => Promise<Answer>): Promise<void> {
    for (const who of [...keys, ...dead, "owner", "other", "anonymous"]) {
      const expected = expectedOf(asked, who, rule)
      const answer = await ask(asked, who)
      expect({ who, outcome: outcomeOf(answer, expected), said: outcomeOf(answer, expected) === expected ? "" : answer.text }).toEqual({ who, outcome: expected, said: "" })
      if (expected !== "shown" && expected !== 200) expect(answer.text).not.toContain(mark)
      const isDenied = expected === 404 || (expected === 401 && who !== "owner")
      if (!isDenied || ("tells" in asked && who === "other" && rule === "owner")) continue
      const missing = await ask(asked, who, false)
      expect({ who, status: missing.status, text: blank(world, missing.text, false) }).toEqual({ who, status: answer.status, text: blank(world, answer.text, true) })
    }
  }

  for (const asked of askedRoutes) test(`${asked.route} at ${asked.path} answers everyone as declared`, () => compare(asked, askRoute))
  for (const asked of askedOperations) test(`${asked.op} of ${JSON.stringify(asked.data)} answers everyone as declared`, () => compare(asked, askOperation))

  test("nothing of it left a trace, or was reported", async () => {
    expect(world.tandem.reported).toEqual([])
    expect((await world.tandem.get("/goals/g1")).json).toMatchObject({ value: { owner: "ada", title: mark } })
    expect(world.tandem.node.committed()).toBe(Number(world.names.get("AT")))
  })

  test("a collection that may not be seen at all is answered as one that is not there", async () => {
    const isHidden = rule === "server"
    for (const who of ["owner", "other"]) {
      for (const path of ["/NAME", "/NAME/g1", "/NAME/g1/history", "/NAME?count=true", "/NAME/g1?at=1"]) {
        const [there, not] = [await world.tandem.get(path.replace("NAME", "goals"), { token: world.tokens.get(who) ?? null }), await world.tandem.get(path.replace("NAME", "hoard"), { token: world.tokens.get(who) ?? null })]
        if (isHidden) expect(there.text.replaceAll("goals", "hoard")).toBe(not.text)
        else expect(not.status).toBe(404)
      }
    }
  })
})
