// Builds the client for those who do not run TypeScript: client.js, one module that imports nothing, and its types in client/.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"

const root = join(import.meta.dirname, "..")

export interface ClientSize {
  readonly bytes: number
  /** Minified and compressed. */
  readonly zipped: number
}

/** Into a directory, which is `dist` of the package. */
export function buildClient(directory: string): ClientSize {
  const module = join(directory, "client.js")
  run([process.execPath, "build", "src/client/service.ts", "--target=browser", `--outfile=${module}`])
  run([join(root, "node_modules", ".bin", "tsc"), "-p", "src/client/tsconfig.json", "--outDir", join(directory, "client")])
  const small = run([process.execPath, "build", "src/client/service.ts", "--target=browser", "--minify"])
  return { bytes: readFileSync(module).length, zipped: gzipSync(small).length }
}

function run([program = "", ...parameters]: readonly string[]): Buffer {
  const { status, stdout, stderr } = spawnSync(program, parameters, { cwd: root })
  if (status !== 0) throw new Error(`${program} ${parameters.join(" ")} ended with ${status}: ${stdout.toString()}${stderr.toString()}`)
  return stdout
}
