// What backups are called: of which cluster, which version and when, so that they can be told apart and put in order by their names.
import { readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Identity } from "./store.ts"

const pattern = /^tandem-(\w{1,8})-\d+-\d{8}T\d{9}Z\.backup$/

export function backupName({ clusterId }: Pick<Identity, "clusterId">, version: number, wallMs: number): string {
  const time = new Date(wallMs).toISOString().replace(/[-:.]/g, "")
  return `tandem-${(clusterId ?? "none").replace(/\W/g, "").slice(0, 8)}-${version}-${time}.backup`
}

/** Keeps the newest of a cluster; those of others are not looked at. Both nodes may do so in one directory, at the same time. */
export function pruneBackups(directory: string, keep: number, identity: Pick<Identity, "clusterId">): void {
  const own = clusterOfName(backupName(identity, 0, 0))
  const names = readdirSync(directory).filter((name) => clusterOfName(name) === own)
  const madeMs = (name: string): number => statSync(join(directory, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const newestFirst = names.map((name) => ({ name, madeMs: madeMs(name) })).sort((a, b) => b.madeMs - a.madeMs)
  for (const { name } of newestFirst.slice(Math.max(1, keep))) rmSync(join(directory, name), { force: true })
}

/** Undefined where the name is no backup's. */
function clusterOfName(name: string): string | undefined {
  return pattern.exec(name)?.[1]
}

/** Begins the name of what is not whole yet; each node that makes backups into one directory has its own. */
export function backupMark(nodeId: string): string {
  return `.unfinished-${nodeId}-`
}
