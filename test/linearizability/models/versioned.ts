// The version that an object was changed at last, as far as clients know it.

export interface Versioned {
  readonly version: number
  /** Else it is some version above that one: of a change whose outcome nobody heard of. */
  readonly isExact: boolean
}

/** After a change that was told its version, or was not; undefined where that version is none that can follow. */
export function followedBy({ version: before }: Versioned, told: number | undefined): Versioned | undefined {
  if (told === undefined) return { version: before, isExact: false }
  return told > before ? { version: told, isExact: true } : undefined
}
