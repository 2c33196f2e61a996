// Virtual time: things to do, in the order of their time, then of their adding.

interface Due {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export class Schedule {
  nowMs = 0
  #order = 0
  readonly #heap: Due[] = []

  after(delayMs: number, run: () => void): void {
    const heap = this.#heap
    heap.push({ atMs: this.nowMs + delayMs, order: this.#order++, run })
    for (let n = heap.length - 1; n > 0; ) {
      const parent = (n - 1) >> 1
      if (!earlier(heap[n] as Due, heap[parent] as Due)) break
      ;[heap[n], heap[parent]] = [heap[parent] as Due, heap[n] as Due]
      n = parent
    }
  }

  /** Runs what is due until `untilMs`, or until nothing is left. */
  runUntil(untilMs: number): void {
    for (;;) {
      const next = this.#heap[0]
      if (next === undefined || next.atMs > untilMs) break
      this.#pop()
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = untilMs
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    heap[0] = last
    for (let n = 0; ; ) {
      let least = n
      for (const child of [2 * n + 1, 2 * n + 2]) {
        if (child < heap.length && earlier(heap[child] as Due, heap[least] as Due)) least = child
      }
      if (least === n) return
      ;[heap[n], heap[least]] = [heap[least] as Due, heap[n] as Due]
      n = least
    }
  }
}

function earlier(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
