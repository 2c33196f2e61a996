// The shell commands of a document, run as they stand, and what they print compared with what the document shows: in a line
// that begins with `# → `, `…` stands for anything.
import { expect } from "bun:test"
import { spawn } from "node:child_process"

/** Text of the document's blocks in a language, in their order. */
export function blocksOf(document: string, language: string): readonly string[] {
  const blocks = [...document.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
  return blocks.filter(([, named]) => named === language).map(([, , text = ""]) => text)
}

export async function expectShown(script: string, directory: string): Promise<void> {
  // What stands between two expectations is what printed the second one.
  const marked = script.replace(/^# → .*$/gm, "echo @@@")
  const ran = await shell(marked, directory)
  expect([ran.err, ran.code]).toEqual(["", 0])
  const shown = [...script.matchAll(/^# → (.*)$/gm)].map(([, text = ""]) => text)
  const printed = ran.out.split("@@@").slice(0, -1)
  expect(printed).toHaveLength(shown.length)
  for (const [n, text] of shown.entries()) expect(withoutLineEnds(printed[n] ?? "")).toMatch(patternOf(text))
}

interface Ran {
  readonly out: string
  readonly err: string
  readonly code: number | null
}

function shell(script: string, directory: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-euo", "pipefail", "-c", script], { cwd: directory, stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 })
    let out = ""
    let err = ""
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()))
    child.once("error", reject)
    child.once("close", (code) => resolve({ out, err, code }))
  })
}

function withoutLineEnds(text: string): string {
  return text.replace(/[\r\n]+/g, " ").trim()
}

function patternOf(shown: string): RegExp {
  const parts = shown.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  return new RegExp(`^${parts.join(".*")}$`)
}
