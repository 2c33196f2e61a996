// Where an interval of versions is filed, so that those which contain a version are found without looking at others. The
// versions are the nodes of a binary tree, the more trailing zeros the higher: an interval is filed under its highest node,
// its fork. One that contains a version contains all nodes between it and the fork, so the fork lies on the version's way
// to the top, which is as long as the number has digits. (Kriegel, Pötke, Seidl: the relational interval tree.)

/** The fork of the versions from `since` to `last`, both included, from 1 on; of others, which only damage has, some number. */
export function forkOf(since: number, last: number): number {
  let fork = last
  for (let size = 2; size <= fork && fork - (fork % size) >= since; size *= 2) fork -= fork % size
  return fork
}

/** The forks up to `newest` under which an interval that contains `version` may be filed. */
export function pathOf(version: number, newest: number): number[] {
  const forks: number[] = []
  // Up from the version itself; each is the middle of a stretch twice as long.
  for (let half = lowestBit(version); half > 0 && half <= newest; half *= 2) {
    const fork = version - (version % (2 * half)) + half
    if (fork <= newest) forks.push(fork)
  }
  return forks
}

/** 0 has none. */
function lowestBit(version: number): number {
  if (version === 0) return 0
  let bit = 1
  while (version % (2 * bit) === 0) bit *= 2
  return bit
}
