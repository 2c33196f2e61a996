// How long to wait before another try: growing, bounded, and never the same for two clients. Pure.

const firstMs = 100
const mostMs = 3_000

/** `waits` is how often this call waited before; `random` from 0 to below 1. */
export function backoffMs(waits: number, random: number): number {
  const full = Math.min(mostMs, firstMs * 2 ** waits)
  return full / 2 + (full / 2) * random
}
