// The store over the simulator's engine keeps the contract: what the simulator finds holds for the real one.
import { memoryDisk } from "./disks.ts"
import { runStoreContract } from "./store-contract.ts"

runStoreContract("in memory", memoryDisk)
