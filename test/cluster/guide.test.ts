// The guide, done as it stands: its files written, its commands run and what they print compared, its app used in a browser. On the
// compiled executable, from another origin than the nodes'.
import { afterEach, expect, test } from "bun:test"
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { isBrowserHere } from "./browser-page.ts"
import { Browser, type Tab } from "./browser.ts"
import { freshExecutable } from "./fresh-executable.ts"
import { RealCommand } from "./real-command.ts"
import { freePorts, until } from "./real-pair.ts"
import { blocksOf, expectShown } from "./shown-commands.ts"
import { ShownPair } from "./shown-pair.ts"

const repository = fileURLToPath(new URL("../..", import.meta.url))
const guide = readFileSync(join(repository, "docs/GUIDE.md"), "utf8")
const commands = blocksOf(guide, "sh")
const [start = "", serve = ""] = blocksOf(guide, "")
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface App {
  readonly pair: ShownPair
  readonly origin: string
  /** The guide's text at the ports that are used here. */
  readonly at: (text: string) => string
}

/** The pair as the guide starts it, in what looks like the repository, with the guide's files. */
async function startedApp(): Promise<App> {
  const executable = freshExecutable()
  const [port = 0] = await freePorts(1)
  const atPort = (text: string) => text.replaceAll("8080", String(port))
  const flags = /^npm start -- (.*)\n$/.exec(atPort(start))?.[1]?.split(" ")
  const pair = await ShownPair.start("executable", flags)
  closing.push(() => pair.remove())
  const at = (text: string) => pair.at(atPort(text))
  mkdirSync(join(pair.directory, "dist"))
  cpSync(join(executable, "../client.js"), join(pair.directory, "dist/client.js"))
  // It is built already.
  writeFileSync(join(pair.directory, "package.json"), '{ "scripts": { "build": "true" } }')
  mkdirSync(join(pair.directory, "todos"))
  for (const text of [...blocksOf(guide, "html"), ...blocksOf(guide, "js")]) writeFileSync(join(pair.directory, fileOf(text)), at(text))
  return { pair, origin: `http://127.0.0.1:${port}`, at }
}

/** The name that the first line of a file says. */
function fileOf(text: string): string {
  const [, name] = /^(?:\/\/|<!--) (todos\/[a-z]+\.[a-z]+)/.exec(text) ?? []
  if (name === undefined) throw new Error(`a file without a name: ${text.slice(0, 80)}`)
  return name
}

test("the guide's commands print what the guide shows", async () => {
  const { pair, at } = await startedApp()
  expect(commands.length).toBeGreaterThan(8)
  await expectShown(at(commands.join("")), pair.directory)
})

/** The pair, what the guide defines, and its app as it is given out. */
async function servedApp(): Promise<App> {
  const app = await startedApp()
  const [words = "", defining = ""] = commands
  const building = commands.find((text) => text.includes("cp dist/client.js")) ?? ""
  await expectShown(app.at(words + defining + building), app.pair.directory)
  const [, script = ""] = /^node (.*)\n$/.exec(serve) ?? []
  const files = new RealCommand([script], { program: { path: "node" }, directory: app.pair.directory })
  closing.push(async () => {
    files.signal("SIGTERM")
    await files.ended
  })
  await until("the app is given out", async () => (await fetch(app.origin).catch(() => undefined))?.ok === true, () => files.printed)
  return app
}

async function enter(tab: Tab, button: "signUp" | "logIn", email: string, password: string): Promise<void> {
  await tab.type("[name=email]", email)
  await tab.type("[name=password]", password)
  await tab.click(`[name=${button}]`)
}

async function add(tab: Tab, title: string): Promise<void> {
  await tab.type("[name=title]", title)
  await tab.click("#add button")
}

const titles = "[...document.querySelectorAll('ul span')].map((span) => span.textContent)"
const ticked = "[...document.querySelectorAll('ul input')].map((box) => box.checked)"
const isIn = "!document.querySelector('main').hidden"
const said = "document.querySelector('#said').textContent"
const count = "document.querySelector('#count').value"

test.skipIf(!isBrowserHere)("the guide's app works in a browser, in two tabs, and goes on when the primary is killed", async () => {
  const { pair, origin } = await servedApp()
  const browser = await Browser.start(pair.directory)
  closing.push(() => browser.close())
  const one = await browser.open(origin)

  await enter(one, "signUp", "nobody", "short")
  await one.until(said, "email must be an e-mail address\npassword must have at least 8 characters")
  expect(await one.read("document.querySelector('[name=password]').validationMessage")).toBe("must have at least 8 characters")
  await enter(one, "signUp", "ada@example.com", "correct horse battery")
  await one.until(isIn, true)
  await add(one, "Read")
  await one.until(titles, ["Read"])
  await add(one, "x".repeat(201))
  await one.until(said, "title must have at most 200 characters")
  await add(one, "")
  await one.until(said, "title must not be empty")
  await add(one, "<b>Write</b>")
  await one.until(titles, ["<b>Write</b>", "Read"])
  expect(await one.read(said)).toBe("")

  // The second tab is logged in already. What one does the other sees.
  const two = await browser.open(origin)
  await two.until(titles, ["<b>Write</b>", "Read"])
  await two.click("li:nth-child(2) input")
  await one.until(ticked, [false, true])
  await two.click("#open")
  await two.until(titles, ["<b>Write</b>"])
  await two.until(count, "1 to-do")
  await two.choose("#sort", "createdAt")
  await two.click("#open")
  await two.until(titles, ["Read", "<b>Write</b>"])

  // As of the moment before the deletion, whole seconds: what the page can be asked for.
  const moment = await one.read("new Date(Date.now() + 1000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 19)")
  await one.until(`Date.now() > new Date(${JSON.stringify(moment)}).getTime()`, true)
  await one.click("li:nth-child(2) button")
  for (const tab of [one, two]) await tab.until(titles, ["<b>Write</b>"])
  await one.choose("#when", String(moment))
  await one.until(titles, ["<b>Write</b>", "Read"])
  expect(await one.read("[...document.querySelectorAll('li button')].every((button) => button.disabled)")).toBe(true)
  await one.choose("#when", "2020-01-01T00:00:00")
  await one.until(count, "0 to-dos")
  await one.choose("#when", "")
  await one.until(titles, ["<b>Write</b>"])

  // Undone in the other tab, and done again.
  await two.click("#undo")
  await one.until(titles, ["<b>Write</b>", "Read"])
  await one.until(ticked, [false, true])
  await one.click("#undo")
  await two.until(titles, ["<b>Write</b>"])

  // Each write is on its way while the primary is killed, or sent while there is none.
  const all = ["<b>Write</b>"]
  for (const isKilledFirst of [false, true, false]) {
    await pair.inSync()
    all.push(`to-do ${all.length}`)
    if (isKilledFirst) pair.killPrimary()
    await add(one, `to-do ${all.length - 1}`)
    if (!isKilledFirst) pair.killPrimary()
    await two.until(titles, all)
    await one.until(titles, all.toReversed())
    await one.until("document.querySelector('[name=title]').value", "")
  }
  for (const tab of [one, two]) await tab.until(count, "4 to-dos")
  expect(await one.read(said)).toBe("")

  // The session outlasts a reload; logged out in one tab, it is gone from the other.
  await one.reload()
  await one.until(count, "4 to-dos")
  await one.click("#leave")
  await one.until(isIn, false)
  await two.until(isIn, false)
  expect(await two.read(said)).toBe("The token is unknown, revoked or expired.")
  await enter(one, "logIn", "ada@example.com", "wrong horse battery")
  await one.until(said, "The e-mail address or the password is wrong, or the user is disabled.")
  await enter(one, "logIn", "ada@example.com", "correct horse battery")
  await one.until(count, "4 to-dos")
  expect(await one.read("document.querySelector('#undo').disabled")).toBe(true)
  expect(browser.uncaught).toEqual([])
})
