// `tandem verify --repair-from-peer`: a stopped node whose data is damaged takes the other one's. Takes the settings of `tandem serve`.
import type { Repaired } from "../node/repair.ts"
import type { NodeSettings } from "../node/settings.ts"
import { monotonicMs } from "../runtime/clock.ts"
import { freeBytes } from "../runtime/disk-space.ts"
import { ignoreProxies } from "../runtime/environment.ts"
import { exitCodes } from "../runtime/exit.ts"
import { sessionId } from "../runtime/random.ts"
import { sentence } from "../refusal.ts"
import { CommandFailed } from "./command-failed.ts"
import { otherNode, otherNodeFailure } from "./other-node.ts"
import { ProgressBar } from "./progress.ts"
import type { Terminal } from "./terminal.ts"

type Done = Extract<Repaired, { readonly step: "repaired" }>

/** Its data directory is locked, and not open. */
export async function repairFromPeer(settings: NodeSettings, terminal: Terminal): Promise<Done> {
  const { dataDirectory, nodeId, diskFloorBytes } = settings
  ignoreProxies()
  const [{ repair }, ask] = await Promise.all([import("../node/repair.ts"), otherNode(settings)])
  const bar = new ProgressBar(terminal, "repair", "bytes")
  try {
    const repaired = await repair({
      dataDirectory,
      nodeId,
      session: sessionId(),
      ask,
      freeBytes: () => freeBytes(dataDirectory),
      floorBytes: diskFloorBytes,
      monotonicMs,
      notice: (line) => terminal.note(line),
      onProgress: ({ bytes, totalBytes }) => bar.at(bytes, totalBytes === 0 ? undefined : bytes / totalBytes),
    })
    if (repaired.step === "repaired") return repaired
    throw new CommandFailed(`${sentence(repaired.detail)} Nothing was changed.`, { exitCode: exitCodes.foreign, hint: repaired.hint })
  } catch (error) {
    throw failed(error)
  } finally {
    bar.end()
  }
}

function failed(error: unknown): unknown {
  if (error instanceof Error && error.name === "StoreDamaged") {
    const hint = "Keep this disk. Where this node was the replica, start it with an empty one and --join; where it was the primary, promote the other one first."
    return new CommandFailed(`${sentence(error.message)} So it cannot be repaired, and nothing was changed.`, { exitCode: exitCodes.damaged, hint })
  }
  if (error instanceof Error && error.name === "FetchFailed") return new CommandFailed(`No copy of the other node's data could be fetched: ${error.message}. Nothing was changed.`, { exitCode: exitCodes.stuck })
  return otherNodeFailure(error)
}
