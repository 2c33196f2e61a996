// A second name for a file, which keeps it while another one takes its place. Where the file system has no links it is a copy.
import { copyFileSync, linkSync, renameSync } from "node:fs"
import { syncPath } from "./sync-path.ts"

const noLinks: readonly string[] = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]

/** Under its new name it is whole. The directory is the caller's to sync. */
export function linkOrCopy(from: string, to: string, link: typeof linkSync = linkSync): void {
  try {
    link(from, to)
  } catch (error) {
    if (!noLinks.includes((error as NodeJS.ErrnoException).code ?? "")) throw error
    const unfinished = `${to}.partial`
    copyFileSync(from, unfinished)
    syncPath(unfinished)
    renameSync(unfinished, to)
  }
}
