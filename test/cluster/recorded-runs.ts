// The long runs that the proof counts: one JSON line each, with the commit that was tried.
import { execFileSync } from "node:child_process"
import { appendFileSync, mkdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const repository = fileURLToPath(new URL("../..", import.meta.url))
const file = join(repository, "docs/proof/runs.jsonl")

export function recordRun(run: { readonly kind: string } & Readonly<Record<string, string | number>>): void {
  mkdirSync(dirname(file), { recursive: true })
  appendFileSync(file, `${JSON.stringify({ ...run, commit: git("rev-parse", "--short=12", "HEAD"), at: new Date().toISOString() })}\n`)
}

function git(...parameters: string[]): string {
  return execFileSync("git", parameters, { cwd: repository, encoding: "utf8" }).trim()
}
