// Opens the LMDB environment of a node, after looking at the file: LMDB maps it into memory, and a damaged one would
// end the process with a signal instead of an error. A file that is refused here is left untouched.
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { checkDataFile } from "./data-file.ts"
import { oldestFormat } from "./format-migration.ts"
import { engineOf, existing, formatOf, formatVersion, openRoot } from "./lmdb-engine.ts"
import { fileName, NewEnvironment, removeUnfinished } from "./new-environment.ts"
import { StoreDamaged } from "./store-damaged.ts"
import type { Engine } from "./tables.ts"

/** The engine of a data directory, which the caller has locked; makes the file where there is none. Throws StoreDamaged. */
export function openEnvironment(directory: string): Engine {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  removeUnfinished(directory)
  const path = join(directory, fileName)
  if (!existsSync(path)) new NewEnvironment(directory).finish()
  checkDataFile(path)
  const root = openRoot(path)
  try {
    // Before anything else is opened: what another release wrote may have other tables.
    const format = formatOf(path, root)
    if (format !== formatVersion) throw new StoreDamaged(`${path} has format ${format ?? "unknown"}; this release reads format ${formatVersion}${adviceFor(format)}`)
    return engineOf(path, root, (name) => existing(path, root, name))
  } catch (error) {
    void root.close()
    throw error
  }
}

function adviceFor(format: number | undefined): string {
  return format !== undefined && format >= oldestFormat && format < formatVersion ? ", and brings it there when its node is started" : ""
}
