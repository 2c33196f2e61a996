// The router that Hono is given: exactly one route per method and path, the most literal one. Hono's own hand out every
// route that matches (`/log/7` is also `/{collection}/{id}`), and then run them as a chain of promises.
import type { Result, Router } from "hono/router"

interface Entry<T> {
  readonly segments: readonly string[]
  readonly target: T
}

type Params = Record<string, string>

export class PathRouter<T> implements Router<T> {
  readonly name = "PathRouter"
  /** Per method and number of segments, the more literal ones first. */
  readonly #entries = new Map<string, Entry<T>[][]>()

  /** `path` has literal and `:name` segments; no wildcards. */
  add(method: string, path: string, target: T): void {
    const segments = path.split("/")
    const bySize = this.#entries.get(method) ?? []
    const entries = bySize[segments.length] ?? []
    entries.push({ segments, target })
    entries.sort((a, b) => rank(a.segments).localeCompare(rank(b.segments)))
    bySize[segments.length] = entries
    this.#entries.set(method, bySize)
  }

  match(method: string, path: string): Result<T> {
    const starts = segmentStarts(path)
    for (const { segments, target } of this.#entries.get(method)?.[starts.length] ?? []) {
      if (fits(segments, path, starts)) return [[[target, paramsOf(segments, path, starts)]]]
    }
    return [[]]
  }

  /** The methods of the most literal pattern that matches `path`, whatever its method; empty where none does. */
  methodsAt(path: string): string[] {
    const starts = segmentStarts(path)
    let best: string | undefined
    let methods: string[] = []
    for (const [method, bySize] of this.#entries) {
      const found = bySize[starts.length]?.find((entry) => fits(entry.segments, path, starts))
      if (found === undefined) continue
      const own = rank(found.segments)
      if (best !== undefined && own > best) continue
      methods = own === best ? [...methods, method] : [method]
      best = own
    }
    return methods
  }
}

/** Where the segments of a path begin; the one before the first slash is empty. */
function segmentStarts(path: string): number[] {
  const starts = [0]
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) starts.push(slash + 1)
  return starts
}

function endOf(path: string, starts: readonly number[], n: number): number {
  const next = starts[n + 1]
  return next === undefined ? path.length : next - 1
}

/** Compared in place: a request matches no entry but one, so nothing is cut out for the others. */
function fits(pattern: readonly string[], path: string, starts: readonly number[]): boolean {
  for (let n = 1; n < pattern.length; n++) {
    const part = pattern[n] ?? ""
    const start = starts[n] ?? 0
    const length = endOf(path, starts, n) - start
    if (part.charCodeAt(0) === colon ? length === 0 : length !== part.length || !path.startsWith(part, start)) return false
  }
  return true
}

function paramsOf(pattern: readonly string[], path: string, starts: readonly number[]): Params {
  const params: Params = {}
  for (let n = 1; n < pattern.length; n++) {
    const part = pattern[n] ?? ""
    if (part.charCodeAt(0) === colon) params[part.slice(1)] = path.slice(starts[n], endOf(path, starts, n))
  }
  return params
}

const colon = 0x3a

/** One letter per segment, so that the lower of two is the more literal one. */
function rank(segments: readonly string[]): string {
  return segments.map((segment) => (segment.startsWith(":") ? "b" : "a")).join("")
}
