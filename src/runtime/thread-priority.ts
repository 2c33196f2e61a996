// Lets the threads that hash passwords wait for everything else: a flood of logins gets the time that writes leave, not theirs. Under
// Bun on Linux only; Deno's threads do other work as well, and elsewhere a thread has no priority of its own.
import { readdirSync, readFileSync } from "node:fs"
import { constants, setPriority } from "node:os"
import { deno } from "./platform.ts"

const threads = "/proc/self/task"
/** Known to be of one kind or the other. */
const known = new Set<string>()

/** Threads are started as there is work for them, so this is asked again and again. Where it cannot be done, nothing is lost but its effect. */
export function lowerHashThreads(): void {
  if (deno !== undefined || process.platform !== "linux") return
  for (const thread of readdirSync(threads)) if (!known.has(thread)) lower(thread)
}

function lower(thread: string): void {
  try {
    const name = nameOf(thread)
    // Linux takes the number of a thread for that of a process.
    if (name.startsWith("Bun Pool")) setPriority(Number(thread), constants.priority.PRIORITY_LOW)
    // One that was just started has the name of the first until it gives itself another.
    if (name !== nameOf(String(process.pid))) known.add(thread)
  } catch {
    // It has ended, or the system does not allow it.
  }
}

function nameOf(thread: string): string {
  return readFileSync(`${threads}/${thread}/comm`, "utf8")
}
