// Builds dist/tandem: one executable that needs no other file; and beside it the client. Must not look at the directory it is later started in,
// so neither bunfig.toml nor .env files are read by it.
import { spawnSync } from "node:child_process"
import { mkdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { buildClient } from "./build-client.ts"

const root = join(import.meta.dirname, "..")
const target = join(root, "dist", "tandem")
mkdirSync(join(root, "dist"), { recursive: true })

function build(...parameters: readonly string[]): void {
  const { status } = spawnSync(process.execPath, ["build", ...parameters], { cwd: root, stdio: "inherit" })
  if (status !== 0) process.exit(status ?? 1)
}

build(
  "server.ts",
  "--compile",
  "--minify-syntax",
  "--sourcemap=inline",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-dotenv",
  `--outfile=${target}`,
)
console.log(`dist/tandem, ${(statSync(target).size / 1024 / 1024).toFixed(0)} MiB`)
const { bytes, zipped } = buildClient(join(root, "dist"))
console.log(`dist/client.js, ${(bytes / 1024).toFixed(1)} KiB (${(zipped / 1024).toFixed(1)} KiB as browsers fetch it, minified and zipped), with its types`)
