// The store of a real node, over LMDB, keeps the contract.
import { lmdbDisk } from "./disks.ts"
import { runStoreContract } from "./store-contract.ts"

runStoreContract("in LMDB", lmdbDisk)
