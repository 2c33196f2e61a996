// Applies an RFC 6902 patch of add, replace and remove: the other half of what src/http/json-patch.ts promises.
// Only as strict as the tests need.

export function applyPatch(before: unknown, patch: unknown): unknown {
  let value = structuredClone(before)
  for (const step of patch as readonly { readonly op: string; readonly path: string; readonly value?: unknown }[]) {
    const path = step.path.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    const last = path.pop()
    if (last === undefined) {
      value = structuredClone(step.value)
      continue
    }
    let place = value as { [name: string]: unknown }
    for (const part of path) place = place[part] as { [name: string]: unknown }
    if (Array.isArray(place)) {
      if (step.op === "add") place.splice(Number(last), 0, structuredClone(step.value))
      else if (step.op === "remove") place.splice(Number(last), 1)
      else place[Number(last)] = structuredClone(step.value)
    } else if (step.op === "remove") {
      if (!Object.hasOwn(place, last)) throw new Error(`nothing to remove at ${step.path}`)
      delete place[last]
    } else place[last] = structuredClone(step.value)
  }
  return value
}
