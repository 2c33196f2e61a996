// The two nodes of `tandem dev`: their directories, ports and command lines. Makes the shared secret at the first run.
import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { exitCodes } from "../runtime/exit.ts"
import { randomBytes } from "../runtime/random.ts"
import { CommandFailed } from "./command-failed.ts"

export const pairPorts = (first: number) => ({ a: first, aPeer: first + 1, b: first + 10, bPeer: first + 11 })
export type PairPorts = ReturnType<typeof pairPorts>

/** The two nodes keep these ports from the next pair. */
const portsStep = 20
const host = "127.0.0.1"

export interface DevNode {
  readonly name: "a" | "b"
  readonly directory: string
  readonly url: string
  /** Arguments of `tandem`, as they fit what is on disk now. */
  arguments(): readonly string[]
}

export function devNodes(data: string, ports: PairPorts, more: readonly string[]): readonly [DevNode, DevNode] {
  const directories = { a: join(data, "a"), b: join(data, "b") }
  const node = (name: "a" | "b", port: number, peerPort: number, peerOfOther: number): DevNode => ({
    name,
    directory: directories[name],
    url: `http://${host}:${port}`,
    arguments: () => [
      "serve",
      ...["--node", name, "--data", directories[name], "--secret-file", join(data, "secret")],
      ...["--listen", `${host}:${port}`, "--peer-listen", `${host}:${peerPort}`],
      ...["--public-url", `http://${host}:${port}`, "--peer", `http://${host}:${peerOfOther}`],
      ...firstStart(name, hasData(directories.a), hasData(directories.b)),
      "--stop-with-stdin",
      ...more,
    ],
  })
  return [node("a", ports.a, ports.aPeer, ports.bPeer), node("b", ports.b, ports.bPeer, ports.aPeer)]
}

/** Two empty disks become a pair; one empty disk joins the other. What is on a disk counts, where there is something. */
export function firstStart(name: "a" | "b", aHasData: boolean, bHasData: boolean): readonly string[] {
  const ownHasData = name === "a" ? aHasData : bHasData
  if (ownHasData) return []
  const otherHasData = name === "a" ? bHasData : aHasData
  if (name === "a") return otherHasData ? ["--join"] : ["--role", "primary"]
  return otherHasData ? ["--role", "replica", "--join"] : ["--role", "replica"]
}

function hasData(directory: string): boolean {
  return existsSync(join(directory, "data.mdb"))
}

export function makeSecret(data: string): void {
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 })
    const file = join(data, "secret")
    if (existsSync(file)) return
    writeFileSync(file, `${Buffer.from(randomBytes(32)).toString("base64url")}\n`, { mode: 0o600, flag: "wx" })
  } catch (error) {
    throw new CommandFailed(`${data} cannot be used: ${error instanceof Error ? error.message : String(error)}.`, {
      exitCode: exitCodes.settings,
      hint: "It has to be a directory where this user may write. Choose another with --data.",
    })
  }
}

/** The first four ports from `first` on that nobody uses; undefined after some tries, at once where `fixed`. */
export async function freePorts(first: number, fixed: boolean): Promise<PairPorts | undefined> {
  for (let n = 0; n < (fixed ? 1 : 50); n += 1) {
    const ports = pairPorts(first + n * portsStep)
    const free = await Promise.all(Object.values(ports).map(isFree))
    if (free.every(Boolean)) return ports
  }
  return undefined
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once("error", () => resolve(false))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
