// Stands for bun:test where the protocol's tests are run for what they reach, under Deno: bodies run in order, and matchers call what
// they are given. Whether the tests pass is said by the run under Bun.
type Body = (...parameters: unknown[]) => unknown

const bodies: (() => unknown)[] = []

/** All that were defined, in order. */
export async function runAll(): Promise<number> {
  for (const body of bodies) await body()
  return bodies.length
}

function defines(define: (body: Body, parameters: readonly unknown[]) => void) {
  return Object.assign((_name: string, body: Body) => define(body, []), {
    each: (table: readonly unknown[]) => (_name: string, body: Body) => {
      for (const row of table) define(body, Array.isArray(row) ? row : [row])
    },
  })
}

export const describe = defines((body, parameters) => body(...parameters))

export const test = defines((body, parameters) => {
  bodies.push(() => body(...parameters))
})

/** Whatever is asked of it, and called, gives itself; what should throw, or not, is tried. */
function matchers(actual: unknown): object {
  const each: object = new Proxy(() => {}, {
    get: (_target, name) => (name === "toThrow" && typeof actual === "function" ? () => tries(actual) : each),
    apply: () => each,
  })
  return each
}

export const expect = new Proxy(matchers, { get: () => matchers(undefined) })

function tries(what: Function): void {
  try {
    what()
  } catch {
    // As it should.
  }
}
