// What each kind of object may do and what not, in histories that are known to be good or bad.
import { describe, expect, test } from "bun:test"
import { isLinearizable } from "./checker.ts"
import type { History, Model } from "./history.ts"
import { accountsModel } from "./models/accounts.ts"
import { counterModel } from "./models/counter.ts"
import { groupModel } from "./models/group.ts"
import { keyModel } from "./models/key.ts"
import { listModel } from "./models/list.ts"
import { tokenModel } from "./models/one-time-token.ts"
import { registerModel } from "./models/register.ts"
import { sessionModel } from "./models/session.ts"
import { told, untold } from "./told.ts"

interface Case {
  readonly what: string
  readonly holds: boolean
}

/** Checked here, where the types of model and history are known to agree. */
function one<State, Input, Output>(what: string, expected: "good" | "bad", model: Model<State, Input, Output>, history: History<Input, Output>): Case {
  return { what: `${model.name}, ${expected}: ${what}`, holds: isLinearizable(model, history) === (expected === "good") }
}

const read = { kind: "read" } as const
const write = (value: number) => ({ kind: "write", value }) as const
const add = (by: number) => ({ kind: "add", by, min: 0, max: 5 }) as const
const make = (id: string) => ({ kind: "create", id }) as const
const remove = (id: string) => ({ kind: "delete", id }) as const
const list = { kind: "list" } as const
const sign = (id: string, email: string) => ({ kind: "create", id, email }) as const
const move = (id: string, email: string) => ({ kind: "update", id, email }) as const
const find = (email: string) => ({ kind: "find", email }) as const
const consume = { kind: "consume" } as const
const append = (item: number, onto: number) => ({ kind: "append", item, onto }) as const
const send = { kind: "send" } as const
const look = { kind: "look" } as const
const use = { kind: "use" } as const
const revoke = { kind: "revoke" } as const

const cases: readonly Case[] = [
  one("a read during a write may see either", "good", registerModel, [
    told(1, 9, "a", write(1), { version: 1 }),
    told(2, 3, "b", read, null),
    told(4, 5, "b", read, { value: 1, version: 1 }),
  ]),
  one("what was seen is not seen to be gone again", "bad", registerModel, [
    told(1, 9, "a", write(1), { version: 1 }),
    told(2, 3, "b", read, { value: 1, version: 1 }),
    told(4, 5, "c", read, null),
  ]),
  one("a read after an acknowledged write is stale", "bad", registerModel, [
    told(1, 2, "a", write(1), { version: 1 }),
    told(3, 4, "a", write(2), { version: 2 }),
    told(5, 6, "b", read, { value: 1, version: 1 }),
  ]),
  one("a write of which nobody heard comes late", "good", registerModel, [
    untold(1, "a", write(1)),
    told(2, 3, "b", read, null),
    told(4, 5, "b", write(2), { version: 2 }),
    told(6, 7, "b", read, { value: 1, version: 3 }),
  ]),
  one("a write of which nobody heard never comes", "good", registerModel, [untold(1, "a", write(1)), told(2, 3, "b", read, null), told(4, 5, "b", read, null)]),
  one("it comes and goes", "bad", registerModel, [untold(1, "a", write(1)), told(2, 3, "b", read, { value: 1, version: 1 }), told(4, 5, "b", read, null)]),
  one("an acknowledged write is lost", "bad", registerModel, [told(1, 2, "a", write(1), { version: 1 }), told(3, 4, "b", read, null)]),
  one("a refused write is there", "bad", registerModel, [told(3, 4, "b", read, { value: 1, version: 1 })]),
  one("versions go back", "bad", registerModel, [told(1, 2, "a", write(1), { version: 2 }), told(3, 4, "a", write(2), { version: 1 })]),
  one("a value under the version of another write", "bad", registerModel, [told(1, 2, "a", write(1), { version: 1 }), told(3, 4, "b", read, { value: 1, version: 2 })]),
  one("deleted twice, by two", "bad", registerModel, [
    told(1, 2, "a", write(1), { version: 1 }),
    told(3, 6, "a", { kind: "delete" }, { version: 2 }),
    told(4, 5, "b", { kind: "delete" }, { version: 3 }),
  ]),

  one("each sum once", "good", counterModel, [told(1, 9, "a", add(2), 3), told(2, 8, "b", add(1), 1), told(10, 11, "a", read, 3)]),
  one("an addition that counted twice", "bad", counterModel, [told(1, 2, "a", add(1), 1), told(3, 4, "b", read, 2)]),
  one("two additions of which one is lost", "bad", counterModel, [told(1, 9, "a", add(1), 1), told(2, 8, "b", add(1), 1)]),
  one("refused at its bound", "good", counterModel, [told(1, 9, "a", add(3), 3), told(2, 8, "b", add(3), null)]),
  one("refused where it would have fitted", "bad", counterModel, [told(1, 2, "a", add(3), null)]),
  one("beyond its bound", "bad", counterModel, [told(1, 2, "a", add(3), 3), told(3, 4, "b", add(3), 6)]),

  one("made once, of two who tried", "good", groupModel, [told(1, 9, "a", make("x"), true), told(2, 8, "b", make("x"), false), told(10, 11, "a", list, ["x"])]),
  one("made twice", "bad", groupModel, [told(1, 9, "a", make("x"), true), told(2, 8, "b", make("x"), true)]),
  one("a list that shows half of what was there", "bad", groupModel, [
    told(1, 2, "a", make("x"), true),
    told(3, 4, "a", make("y"), true),
    told(5, 6, "b", list, ["y"]),
  ]),
  one("two lists that disagree on what came first", "bad", groupModel, [
    told(1, 9, "a", make("x"), true),
    told(1, 9, "b", make("y"), true),
    told(2, 3, "c", list, ["x"]),
    told(4, 5, "d", list, ["y"]),
  ]),
  one("deleted, and made again", "good", groupModel, [told(1, 2, "a", make("x"), true), told(3, 8, "a", remove("x"), true), told(4, 9, "b", make("x"), true)]),

  one("an address goes from one to the other", "good", accountsModel, [
    told(1, 2, "a", sign("u", "m"), "done"),
    told(3, 8, "a", move("u", "n"), "done"),
    told(4, 9, "b", sign("v", "m"), "done"),
    told(10, 11, "b", find("m"), { holder: "v" }),
  ]),
  one("an address with two holders", "bad", accountsModel, [told(1, 9, "a", sign("u", "m"), "done"), told(2, 8, "b", sign("v", "m"), "done")]),
  one("refused for an address that nobody had", "bad", accountsModel, [told(1, 2, "a", sign("u", "m"), "conflict")]),
  one("an address that its former holder still has", "bad", accountsModel, [
    told(1, 2, "a", sign("u", "m"), "done"),
    told(3, 4, "a", move("u", "n"), "done"),
    told(5, 6, "b", find("m"), { holder: "u" }),
  ]),
  one("a deleted user's address is free", "good", accountsModel, [
    told(1, 2, "a", sign("u", "m"), "done"),
    told(3, 4, "a", remove("u"), "done"),
    told(5, 6, "b", find("m"), { holder: null }),
    told(7, 8, "b", move("u", "m"), "missing"),
  ]),

  one("one of two is let in", "good", tokenModel, [told(1, 9, "a", consume, false), told(2, 8, "b", consume, true)]),
  one("both are let in", "bad", tokenModel, [told(1, 9, "a", consume, true), told(2, 8, "b", consume, true)]),
  one("none is let in", "bad", tokenModel, [told(1, 9, "a", consume, false), told(2, 8, "b", consume, false)]),
  one("none that was told so", "good", tokenModel, [untold(1, "a", consume), told(2, 8, "b", consume, false)]),
  one("refused before anybody had it", "bad", tokenModel, [told(1, 2, "b", consume, false), told(3, 4, "a", consume, true)]),

  one("each onto the one before", "good", listModel, [
    told(1, 9, "a", append(1, 0), { version: 4 }),
    told(2, 8, "b", append(2, 0), null),
    told(10, 12, "b", append(2, 4), { version: 5 }),
    told(13, 14, "b", read, { items: [1, 2], version: 5 }),
  ]),
  one("two onto the same one", "bad", listModel, [told(1, 9, "a", append(1, 0), { version: 4 }), told(2, 8, "b", append(2, 0), { version: 5 })]),
  one("refused although none came first", "bad", listModel, [told(1, 2, "a", append(1, 0), null)]),
  one("another order than it was seen in", "bad", listModel, [
    told(1, 2, "a", append(1, 0), { version: 4 }),
    told(3, 4, "b", append(2, 4), { version: 5 }),
    told(5, 6, "b", read, { items: [2, 1], version: 5 }),
  ]),
  one("one that nobody heard of is built upon", "good", listModel, [
    untold(1, "a", append(1, 0)),
    told(2, 3, "b", append(2, 0), null),
    told(4, 5, "b", read, { items: [1], version: 7 }),
    told(6, 7, "b", append(2, 7), { version: 8 }),
  ]),

  one("all hear of one version", "good", keyModel, [told(1, 9, "a", send, 4), told(2, 8, "b", send, 4), told(10, 11, "b", look, 4)]),
  one("done twice", "bad", keyModel, [told(1, 9, "a", send, 4), told(2, 8, "b", send, 5)]),
  one("forgotten", "bad", keyModel, [told(1, 2, "a", send, 4), told(3, 4, "b", look, null)]),
  one("done although nobody heard of it", "good", keyModel, [untold(1, "a", send), told(2, 3, "b", look, null), told(4, 5, "b", look, 3), told(6, 7, "b", send, 3)]),

  one("dead once it was revoked", "good", sessionModel, [told(1, 2, "a", use, true), told(3, 9, "a", revoke, true), told(4, 5, "b", use, true), told(6, 7, "b", use, false)]),
  one("alive after it was revoked", "bad", sessionModel, [told(1, 2, "a", revoke, true), told(3, 4, "b", use, true)]),
  one("dead before it was revoked", "bad", sessionModel, [told(1, 2, "b", use, false), told(3, 4, "a", revoke, true)]),
  one("dead, and alive again", "bad", sessionModel, [untold(1, "a", revoke), told(2, 3, "b", use, false), told(4, 5, "b", use, true)]),
]

describe("a known history", () => {
  test.each(cases)("$what", ({ holds }) => {
    expect(holds).toBe(true)
  })
})
