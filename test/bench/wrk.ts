// One run of wrk (a Debian package of that name), the load generator.
import { spawn } from "node:child_process"

export interface Load {
  readonly url: string
  readonly token: string
  readonly connections: number
  readonly seconds: number
  /** A Lua script that makes the requests; without one, GETs of the URL. */
  readonly script?: string
}

export interface Measured {
  readonly perSecond: number
  readonly failed: number
}

export function wrk({ url, token, connections, seconds, script }: Load): Promise<Measured> {
  const parameters = ["-t1", `-c${connections}`, `-d${seconds}s`, "-H", `Authorization: Bearer ${token}`, ...(script === undefined ? [] : ["-s", script]), url]
  return new Promise((resolve, reject) => {
    const child = spawn("wrk", parameters, { stdio: ["ignore", "pipe", "inherit"] })
    let printed = ""
    child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()))
    child.once("error", (error) => reject(new Error(`wrk cannot be run (${error.message}); it is a Debian package: apt-get install wrk`)))
    child.once("close", () => {
      const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(printed)?.[1])
      if (!(perSecond > 0)) reject(new Error(`wrk measured nothing:\n${printed}`))
      else resolve({ perSecond, failed: Number(/Non-2xx or 3xx responses: (\d+)/.exec(printed)?.[1] ?? 0) })
    })
  })
}
