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
    const segments = path.split("/")
    for (const { segments: pattern, target } of this.#entries.get(method)?.[segments.length] ?? []) {
      const params = paramsOf(pattern, segments)
      if (params !== undefined) return [[[target, params]]]
    }
    return [[]]
  }

  /** The methods of the most literal pattern that matches `path`, whatever its method; empty where none does. */
  methodsAt(path: string): string[] {
    const segments = path.split("/")
    let best: string | undefined
    let methods: string[] = []
    for (const [method, bySize] of this.#entries) {
      const found = bySize[segments.length]?.find((entry) => paramsOf(entry.segments, segments) !== undefined)
      if (found === undefined) continue
      const own = rank(found.segments)
      if (best !== undefined && own > best) continue
      methods = own === best ? [...methods, method] : [method]
      best = own
    }
    return methods
  }
}

function paramsOf(pattern: readonly string[], segments: readonly string[]): Params | undefined {
  const params: Params = {}
  for (let n = 1; n < pattern.length; n++) {
    const part = pattern[n] ?? ""
    const segment = segments[n] ?? ""
    if (part.charCodeAt(0) !== colon) {
      if (part !== segment) return undefined
    } else if (segment === "") return undefined
    else params[part.slice(1)] = segment
  }
  return params
}

const colon = 0x3a

/** One letter per segment, so that the lower of two is the more literal one. */
function rank(segments: readonly string[]): string {
  return segments.map((segment) => (segment.startsWith(":") ? "b" : "a")).join("")
}
