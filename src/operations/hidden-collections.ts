// The collections of rows that belong to Tandem itself and hold secrets, or who somebody is. No read, history or log answer shows one.

/** Whoever adds such rows adds their name here. */
export const hiddenCollections: ReadonlySet<string> = new Set(["credentials", "identities", "keys", "sessions", "tokens"])
