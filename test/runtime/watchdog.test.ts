// The watchdog: a process whose main thread stands still ends and says why; one that works, or was suspended, does not.
import { describe, expect, test } from "bun:test"
import { until } from "../cluster/real-pair.ts"
import { runtimes, startProgram } from "./program.ts"

const watched = (limitMs: number, then: string) => `
  import { startWatchdog } from "src/runtime/watchdog.ts"
  const watchdog = startWatchdog(${limitMs})
  ${then}`

describe.each(runtimes)("under %s", (runtime) => {
  test.concurrent("a process whose thread stands still is killed, and says so", async () => {
    // Blocked as by a system call that does not return.
    const { signal, err, out } = await startProgram(
      runtime,
      watched(1_000, `setTimeout(() => { console.log("blocking"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); console.log("never") }, 1_500)`),
    ).ended
    expect(signal).toBe("SIGKILL")
    expect(out).toBe("blocking\n")
    expect(err).toContain("tandem: the main thread stood still for 1000 ms")
    expect(err.trimEnd().split("\n")).toHaveLength(1)
  })

  test.concurrent("a process that computes for ever without a turn of its loop is killed", async () => {
    const { signal } = await startProgram(runtime, watched(1_000, `setTimeout(() => { for (;;); }, 100)`)).ended
    expect(signal).toBe("SIGKILL")
  })

  test.concurrent("a process that works in pieces shorter than the limit lives, and the watchdog does not keep it alive", async () => {
    const { code, err, out } = await startProgram(
      runtime,
      watched(
        10_000,
        // Each piece far below the limit, since a busy machine may stretch it; all of them together above it.
        `for (let n = 0; n < 22; n++) {
           for (const until = performance.now() + 500; performance.now() < until; );
           await new Promise((resolve) => setTimeout(resolve, 1))
         }
         console.log("done")`,
      ),
    ).ended
    expect([code, out, err]).toEqual([0, "done\n", ""])
  })

  test.concurrent("a stopped watchdog lets the thread stand still", async () => {
    const { code, out } = await startProgram(
      runtime,
      watched(500, `watchdog.stop(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_500); console.log("still here")`),
    ).ended
    expect([code, out]).toEqual([0, "still here\n"])
  })

  test.concurrent("a process that was suspended for longer than the limit goes on", async () => {
    const program = startProgram(
      runtime,
      watched(
        1_500,
        `let last = performance.now()
         let left = 30
         console.log("running")
         const timer = setInterval(() => {
           const now = performance.now()
           if (now - last > 2_000) console.log("resumed")
           last = now
           if (--left === 0) { clearInterval(timer); console.log("done") }
         }, 100)`,
      ),
    )
    await until("it runs", () => program.out.includes("running"), () => program.err)
    program.kill("SIGSTOP")
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    program.kill("SIGCONT")
    const { code, out, err } = await program.ended
    expect([code, err]).toEqual([0, ""])
    expect(out).toBe("running\nresumed\ndone\n")
  })
})
