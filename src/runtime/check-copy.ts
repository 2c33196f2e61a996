// Has a process of its own, which runs this very program with the lowest priority, check a copy of a store: neither the loop nor the
// memory of this process pays for it.
import { spawn } from "node:child_process"
import { constants, setPriority } from "node:os"
import { thisProgram } from "./this-program.ts"

export interface CopyReport {
  /** What the copy holds as committed. */
  readonly version: number
  /** Of everything that reads as of that version can show. */
  readonly digest: string
}

/** Throws where it is not sound, or could not be checked. `directory` holds the copy as a data directory does. */
export async function checkCopy(directory: string): Promise<CopyReport> {
  const [program = "", ...parameters] = thisProgram()
  const child = spawn(program, [...parameters, "verify", "--data", directory, "--json"], { stdio: ["ignore", "pipe", "pipe"] })
  if (child.pid !== undefined) lower(child.pid)
  let [printed, said] = ["", ""]
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject)
    // `close`, not `exit`: what it printed last has been read by then.
    child.once("close", resolve)
  })
  if (code !== 0) throw new Error(`the copy is not sound: ${firstProblem(printed) ?? (said.trim() || `its check ended with ${code}`)}`)
  return JSON.parse(printed) as CopyReport
}

function firstProblem(printed: string): string | undefined {
  try {
    const { problems = [] } = JSON.parse(printed) as { readonly problems?: readonly { readonly where: string; readonly what: string }[] }
    return problems[0] === undefined ? undefined : `${problems[0].where}: ${problems[0].what}`
  } catch {
    return undefined
  }
}

function lower(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW)
  } catch {
    // It has ended, or the system does not allow it: then it takes its turn like others.
  }
}
