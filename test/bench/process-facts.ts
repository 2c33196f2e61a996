// What Linux tells of a process: its CPU time, its memory, and on which cores it may run.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"

/** Of all its threads, user and kernel together. Counted in ticks of 10 ms. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  // The name in parentheses may hold spaces; user and kernel time are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Resident, and how much of it is not the mapped data file and the program. */
export function memory(pid: number): string {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  const megabytes = (name: string): number => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  return `${megabytes("VmRSS")} MB, ${megabytes("RssAnon")} MB of it anonymous`
}

/** All its threads, as taskset understands cores: `0` or `0,1`. */
export function pin(pid: number, cores: string): void {
  const { status, stderr } = spawnSync("taskset", ["-a", "-c", "-p", cores, String(pid)], { encoding: "utf8" })
  if (status !== 0) throw new Error(`taskset: ${stderr}`)
}
