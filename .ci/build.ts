// Builds dist/tandem: one executable that needs no other file; and dist/client.js, the client as one module. Must not look at the directory it is later started in,
// so neither bunfig.toml nor .env files are read by it.
import { spawnSync } from "node:child_process"
import { mkdirSync, statSync } from "node:fs"
import { join } from "node:path"

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
build("src/client/service.ts", "--target=browser", `--outfile=${join(root, "dist", "client.js")}`)
console.log(`dist/tandem, ${(statSync(target).size / 1024 / 1024).toFixed(0)} MiB`)
