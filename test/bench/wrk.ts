// One run of wrk (a Debian package of that name), the load generator.
import { spawn } from "node:child_process"
import { cpuSeconds } from "./process-facts.ts"

export interface Load {
  readonly url: string
  /** The process that answers. */
  readonly pid: number
  /** Undefined for none. */
  readonly token: string | undefined
  readonly connections: number
  readonly seconds: number
  /** A Lua script that makes the requests; without one, GETs of the URL. */
  readonly script?: string
  /** Where wrk itself runs, as taskset understands cores. */
  readonly cores?: string
}

export interface Measured {
  readonly perSecond: number
  readonly failed: number
  /** CPU time that the answering process took for one request. */
  readonly cpuMicroseconds: number
}

export function wrk({ url, pid, token, connections, seconds, script, cores }: Load): Promise<Measured> {
  const pinned = cores === undefined ? [] : ["taskset", "-c", cores]
  const load = ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, ...(token === undefined ? [] : ["-H", `Authorization: Bearer ${token}`]), ...(script === undefined ? [] : ["-s", script]), url]
  const [program = "", ...parameters] = [...pinned, ...load]
  const before = cpuSeconds(pid)
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { stdio: ["ignore", "pipe", "inherit"] })
    let printed = ""
    child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()))
    child.once("error", (error) => reject(new Error(`wrk cannot be run (${error.message}); it is a Debian package: apt-get install wrk`)))
    child.once("close", () => {
      const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(printed)?.[1])
      const requests = Number(/(\d+) requests in/.exec(printed)?.[1])
      if (!(perSecond > 0)) return reject(new Error(`wrk measured nothing:\n${printed}`))
      const cpuMicroseconds = ((cpuSeconds(pid) - before) / requests) * 1e6
      resolve({ perSecond, failed: Number(/Non-2xx or 3xx responses: (\d+)/.exec(printed)?.[1] ?? 0), cpuMicroseconds })
    })
  })
}
