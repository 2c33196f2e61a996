// Of a node in a test that neither gives a copy of its data nor fetches one.
import type { NodeParts } from "../../src/node/node.ts"

export const noSnapshots: NodeParts["snapshots"] = {
  fetching: null,
  answer: () => Promise.reject(new Error("nobody asks for a copy here")),
  fetch: () => undefined,
  cancelFetch: () => undefined,
  tick: () => undefined,
}
