// The state that transactions are parsed beside where a test has none of its own.
import { TableStore } from "../../src/store/table-store.ts"
import { MemoryEngine } from "../sim/memory-engine.ts"

export const emptyStore = new TableStore(new MemoryEngine(), { clusterId: "cluster", nodeId: "a", role: "primary", epoch: { number: 1, id: "first" } })
