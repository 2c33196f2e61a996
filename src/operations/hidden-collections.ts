// The collections of rows that belong to Tandem itself: secrets, who somebody is, what it needs to work. No read, history or log answer shows one.
import { horizonRow } from "../store/horizon.ts"
import { pairRow } from "./pair-state.ts"

/** Whoever adds such rows adds their name here. */
export const hiddenCollections: ReadonlySet<string> = new Set(["credentials", "identities", "keys", "sessions", "tokens", horizonRow.collection, pairRow.collection])
