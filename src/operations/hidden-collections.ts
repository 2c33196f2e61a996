// The collections of rows that belong to Tandem itself and hold secrets. No read, history or log answer shows one.

/** Whoever adds such rows adds their name here. */
export const hiddenCollections: ReadonlySet<string> = new Set(["credentials", "keys", "sessions", "tokens"])
