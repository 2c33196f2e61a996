// Where an interval of versions is filed, so that those which contain a version are found without looking at others. The
// versions are the nodes of a binary tree, the more trailing zeros the higher: an interval is filed under its highest node,
// its fork. One that contains a version contains all nodes between it and the fork, so the fork lies on the version's way
// to the top, which is as long as the number has digits. (Kriegel, Pötke, Seidl: the relational interval tree.)
//
// Under a fork there is a drawer for each side and for each power of two that an interval reaches to there. It is filed on both
// sides. For a version on one side all that is in the drawers of greater powers contains it, of lesser powers nothing, and of
// its own about half: so what is looked at is little more than what is found.

export interface Drawer {
  readonly fork: number
  /** In one byte: how many binary digits the farthest distance from the fork has; with `below` on the side of earlier versions. */
  readonly reach: number
}

const below = 0x80

/** The fork of the versions from `since` to `last`, both included, from 1 on; of others, which only damage has, some number. */
export function forkOf(since: number, last: number): number {
  let fork = last
  for (let size = 2; size <= fork && fork - (fork % size) >= since; size *= 2) fork -= fork % size
  return fork
}

/** Where an interval is filed: by its end, and where it begins before its fork by its beginning, too. */
export function drawersOf(since: number, last: number): Drawer[] {
  const fork = forkOf(since, last)
  const above: Drawer = { fork, reach: digits(last - fork) }
  return since < fork ? [above, { fork, reach: below | digits(fork - since) }] : [above]
}

/** The drawers that may have intervals which contain `version` and end at `newest` at the latest. Each interval is in one of them at most. */
export function drawersWith(version: number, newest: number): Drawer[] {
  const found: Drawer[] = []
  // Up from the version itself; each fork is the middle of a stretch that is twice as long as the one before.
  for (let half = lowestBit(version); half > 0 && half <= newest; half *= 2) {
    const fork = version - (version % (2 * half)) + half
    if (fork > newest) continue
    const side = version < fork ? below : 0
    // An interval with this fork contains no higher one.
    const farthest = digits(side === below ? half - 1 : Math.min(half - 1, newest - fork))
    for (let reach = digits(Math.abs(version - fork)); reach <= farthest; reach++) found.push({ fork, reach: side | reach })
  }
  return found
}

/** 0 has none. */
function lowestBit(version: number): number {
  if (version === 0) return 0
  let bit = 1
  while (version % (2 * bit) === 0) bit *= 2
  return bit
}

/** In the binary system. */
function digits(distance: number): number {
  let count = 0
  for (let left = distance; left >= 1; left /= 2) count++
  return count
}
