// A node as the other one may ask about it: what its disk says, at this moment.
import type { Questioned } from "../protocol/question.ts"
import type { Reader } from "../store/store.ts"

export function questioned(store: Reader, session: string): Questioned {
  const { nodeId, clusterId, epoch, role, mode, lacking } = store.identity()
  return {
    node: nodeId,
    cluster: clusterId ?? null,
    epoch,
    session,
    role,
    mode,
    lacking,
    position: store.position(),
    logStart: store.logStart(),
    digest: (version) => store.digest(version),
  }
}
