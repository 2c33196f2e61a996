// Keeps a map bounded that grows by one: what was put in first goes.

export function forgetOldest(map: Map<unknown, unknown>, most: number): void {
  if (map.size <= most) return
  const { value: oldest } = map.keys().next()
  map.delete(oldest)
}
