// Installs the dependencies where they are missing or older than the lock file. Runs before every npm script, so it
// needs nothing but Node, and does nothing in a millisecond when all is there.
import { spawnSync } from "node:child_process"
import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
// npm writes this file at the end of an install, so one that was cut short counts as missing.
const installed = join(root, "node_modules", ".package-lock.json")
const locked = join(root, "package-lock.json")

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(locked).mtimeMs) {
  console.error("Installing dependencies (npm ci) …")
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: root, stdio: "inherit" })
  if (status !== 0) process.exit(status ?? 1)
}
