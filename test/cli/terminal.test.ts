// What a person sees: commands on a real terminal, that is a pseudo-terminal, at a real pair.
import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { commandOf } from "../cluster/real-node.ts"
import { RealPair, until } from "../cluster/real-pair.ts"
import { resultAt, variablesOf } from "./command-result.ts"

let pair: RealPair

beforeAll(async () => {
  pair = await (await RealPair.make()).start()
  await resultAt(pair.a, ["do", "collection.define", "name=goals"])
  await resultAt(pair.a, ["do", "document.create", "collection=goals", "id=g1", `value.text=${"愛".repeat(100)}`])
})

afterAll(() => pair.remove())

interface Session {
  /** Everything that reached the terminal so far. */
  readonly text: () => string
  type(text: string): void
  /** The exit code, once all that was printed has arrived. */
  readonly ended: Promise<number>
}

const eraseLine = "\r\u001b[2K"

function start(command: readonly string[], variables: Readonly<Record<string, string>> = {}): Session {
  const { NO_COLOR: _, ...inherited } = process.env
  const decoder = new TextDecoder()
  const closed = Promise.withResolvers<void>()
  let text = ""
  const child = Bun.spawn([...command], {
    env: { ...inherited, TERM: "xterm-256color", ...variablesOf(pair.a), ...variables },
    terminal: { cols: 70, rows: 20, data: (_, data) => void (text += decoder.decode(data, { stream: true })), exit: () => closed.resolve() },
  })
  return { text: () => text, type: (typed) => void child.terminal?.write(typed), ended: closed.promise.then(() => child.exited) }
}

async function see(given: readonly string[], variables?: Readonly<Record<string, string>>): Promise<string> {
  const { text, ended } = start([...commandOf("bun"), ...given], variables)
  await ended
  return text()
}

describe("on a terminal", () => {
  test("results and messages are coloured, and lists cut at its edge", async () => {
    const list = await see(["get", "goals"])
    expect(list).toContain("\u001b[1mg1\u001b[22m")
    for (const line of list.split("\r\n")) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(70)
    expect(await see(["log"])).toContain("\u001b[36mdocument.create\u001b[39m")
    expect(await see(["frob"])).toContain("\u001b[31mtandem:\u001b[39m There is no command frob.")
  })

  test.each([{ NO_COLOR: "1" }, { TERM: "dumb" }])("nothing is coloured with %j", async (variables) => {
    expect(await see(["get", "goals"], variables)).not.toContain("\u001b[")
    expect(await see(["frob"], variables)).not.toContain("\u001b[")
  })

  test("an import has a bar as soon as it takes a second, which is gone at its end", async () => {
    // Its input stays open until the bar has been seen.
    const line = JSON.stringify({ id: "typed", value: { n: 1 } })
    const script = `{ echo '${line}'; until [ -e seen ]; do sleep 0.05; echo '${line}'; done; } | "$@" import - --collection goals`
    const { text, ended } = start(["bash", "-c", `cd ${pair.directory}; ${script}`, "bash", ...commandOf("bun")])
    await until("there is a bar", () => text().includes(`${eraseLine}import `), text)
    await Bun.write(`${pair.directory}/seen`, "")
    expect(await ended).toBe(0)
    expect(text()).toMatch(/\r\u001b\[2Kimport \d+ lines, \d+\/s/)
    expect(text()).toMatch(/\r\u001b\[2K(\r\u001b\[2K)*\d+ lines in \d+s \(\d+\/s\)[^\r\n]*\r\n$/)
  })

  test("Ctrl-C ends a log that is followed, with 0", async () => {
    const { text, type, ended } = start([...commandOf("bun"), "log", "--follow", "--from", "1"])
    await until("it shows something", () => text().includes("goals/g1"), text)
    type("\u0003")
    expect(await ended).toBe(0)
  })
})
