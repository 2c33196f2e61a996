// The difference of two JSON values as an RFC 6902 patch. Pure; applied to `before` it gives exactly `after`.

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export type PatchStep =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: Json }
  | { readonly op: "remove"; readonly path: string }

export function diff(before: Json, after: Json): PatchStep[] {
  const steps: PatchStep[] = []
  compare(before, after, "", steps)
  return steps
}

function compare(before: Json, after: Json, path: string, steps: PatchStep[]): void {
  if (before === after) return
  if (isArray(before) && isArray(after)) return compareArrays(before, after, path, steps)
  if (isObject(before) && isObject(after)) return compareObjects(before, after, path, steps)
  steps.push({ op: "replace", path, value: after })
}

type JsonObject = { readonly [name: string]: Json }

function compareObjects(before: JsonObject, after: JsonObject, path: string, steps: PatchStep[]): void {
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) steps.push({ op: "remove", path: `${path}/${escape(name)}` })
  }
  for (const [name, value] of Object.entries(after)) {
    const inner = `${path}/${escape(name)}`
    if (Object.hasOwn(before, name)) compare(before[name] ?? null, value, inner, steps)
    else steps.push({ op: "add", path: inner, value })
  }
}

/** What is equal at both ends stays; the middle is compared place by place. Not the shortest patch, but a short one. */
function compareArrays(before: readonly Json[], after: readonly Json[], path: string, steps: PatchStep[]): void {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && isSame(before[start], after[start])) start++
  let tail = 0
  while (tail < shorter - start && isSame(before[before.length - 1 - tail], after[after.length - 1 - tail])) tail++
  const beforeEnd = before.length - tail
  const afterEnd = after.length - tail
  const shared = Math.min(beforeEnd, afterEnd)
  for (let n = start; n < shared; n++) compare(before[n] ?? null, after[n] ?? null, `${path}/${n}`, steps)
  // From the end, so that a removal moves nothing that a later step names.
  for (let n = beforeEnd - 1; n >= shared; n--) steps.push({ op: "remove", path: `${path}/${n}` })
  for (let n = shared; n < afterEnd; n++) steps.push({ op: "add", path: `${path}/${n}`, value: after[n] ?? null })
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  if (isArray(a) && isArray(b)) return a.length === b.length && a.every((item, n) => isSame(item, b[n]))
  if (!isObject(a) || !isObject(b)) return false
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** RFC 6901. */
function escape(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1")
}
