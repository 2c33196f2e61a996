// The only place that reads clocks.

/** Milliseconds since 1970. May jump. */
export function wallMs(): number {
  return Date.now()
}

/** Milliseconds since some moment in the past. Never goes back; what leases and deadlines count in. */
export function monotonicMs(): number {
  return performance.now()
}
