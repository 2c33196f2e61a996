// Ends the process when its main thread stands still, on a disk that does not answer, say: a timer of the same thread
// could not fire. Counts in the worker's own ticks, so a machine that was suspended is not mistaken for one that hangs.
import { Worker } from "node:worker_threads"

const tickMs = 250

const source = `
  const { workerData } = require("node:worker_threads")
  const beats = new Int32Array(workerData.shared)
  let seen = -1
  let still = 0
  setInterval(() => {
    const now = Atomics.load(beats, 0)
    still = now === seen ? still + 1 : 0
    seen = now
    if (still * ${tickMs} > workerData.limitMs) {
      require("node:fs").writeSync(2, "tandem: the main thread stood still for " + workerData.limitMs + " ms (a disk that does not answer?); ending the process\\n")
      process.kill(process.pid, "SIGKILL")
    }
  }, ${tickMs})
`

export interface Watchdog {
  stop(): void
}

/** Kills the process once the main thread has run no timer for `limitMs`. */
export function startWatchdog(limitMs: number): Watchdog {
  const shared = new SharedArrayBuffer(4)
  const beats = new Int32Array(shared)
  const worker = new Worker(source, { eval: true, workerData: { shared, limitMs } })
  worker.unref()
  const timer = setInterval(() => Atomics.add(beats, 0, 1), tickMs)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
      void worker.terminate()
    },
  }
}
