// `tandem dev`: a whole pair on this machine, as two processes of this same program. What `npm start` runs.
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { exitCodes } from "../runtime/exit.ts"
import { lockFile } from "../runtime/file-lock.ts"
import { type Paint, paintFor } from "./colour.ts"
import type { Command, Invocation } from "./command.ts"
import { CommandFailed, wrongUsage } from "./command-failed.ts"
import { type DevNode, devNodes, freePorts, makeSecret } from "./dev-pair.ts"
import { SupervisedNode } from "./supervised-node.ts"
import { type Terminal, whoeverReads } from "./terminal.ts"
import { thisProgram } from "../runtime/this-program.ts"

const defaultPort = 4000

export const dev: Command = {
  name: "dev",
  summary: "A whole pair on this machine, to try and to develop against",
  arguments: "",
  positionalsMax: 0,
  flags: {
    data: { value: "<directory>", help: "Where both nodes keep their data (./data)" },
    port: { value: "<port>", help: `First port; also uses the ones 1, 10 and 11 above (${defaultPort}, or the next that are free)` },
    "cors-origin": { value: "<origin>", help: "Web origin that may call; repeated or comma separated", repeats: true },
    "forward-writes": { help: "The replica passes writes on instead of answering 421" },
    json: { help: "Say URLs and files as one line of JSON when the pair is ready" },
  },
  examples: ["tandem dev", "tandem dev --port 5000 --data /tmp/pair"],
  exits: [exitCodes.failed, exitCodes.damaged, exitCodes.diverged, exitCodes.foreign, exitCodes.locked, exitCodes.fenced, exitCodes.settings],
  run: runDev,
}

async function runDev({ flags, terminal }: Invocation): Promise<number> {
  const asked = flags.text("port") ?? terminal.variable("TANDEM_PORT")
  const first = asked === undefined ? defaultPort : Number(asked)
  if (!Number.isInteger(first) || first < 1 || first > 65_524) throw wrongUsage(`--port must be between 1 and 65524, not ${asked ?? ""}.`)
  const data = resolve(flags.text("data") ?? terminal.variable("TANDEM_DATA") ?? "data")
  makeSecret(data)
  await claim(data)
  const ports = await freePorts(first, asked !== undefined)
  if (ports === undefined) {
    throw new CommandFailed(`Ports ${first}, ${first + 1}, ${first + 10} and ${first + 11} are not all free.`, {
      hint: "Is another pair running? Stop it, or choose other ports with --port.",
    })
  }
  if (ports.a !== first) terminal.note(`Port ${first} or one that goes with it is taken: using ${ports.a} and ${ports.b} instead.`)
  const more = [...flags.all("cors-origin").map((origin) => `--cors-origin=${origin}`), ...(flags.on("forward-writes") ? ["--forward-writes"] : [])]
  return superviseUntilStopped(devNodes(data, ports, more), whoeverReads(terminal), flags.on("json"))
}

/** One pair at a time in one directory. */
async function claim(data: string): Promise<void> {
  const path = join(data, "lock")
  if ((await lockFile(path)) !== undefined) return
  throw new CommandFailed(`A pair runs in ${data} already (process ${readFileSync(path, "utf8").trim()}).`, {
    exitCode: exitCodes.locked,
    hint: "Stop it with Ctrl-C where it runs, or choose another directory with --data, for a second pair.",
  })
}

async function superviseUntilStopped(nodes: readonly [DevNode, DevNode], terminal: Terminal, json: boolean): Promise<number> {
  const paint = paintFor(terminal)
  const over = Promise.withResolvers<number>()
  const supervised = nodes.map((node, n) => {
    const prefix = paint(n === 0 ? "cyan" : "yellow", `${node.name} |`)
    return new SupervisedNode({
      name: node.name,
      command: () => [...thisProgram(), ...node.arguments()],
      say: (line) => (json ? terminal.note(`${prefix} ${line}`) : void terminal.out(`${prefix} ${line}\n`)),
      onGiveUp: over.resolve,
    })
  })
  let asked = false
  const onSignal = () => {
    if (asked) for (const node of supervised) node.kill()
    asked = true
    over.resolve(exitCodes.done)
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal)

  for (const node of supervised) node.start()
  let primary = "a"
  const ready = waitUntilReady(nodes, over.promise).then((found) => {
    if (found === undefined) return
    primary = found
    return announce(nodes, primary, terminal, paint, json)
  })
  const code = await over.promise
  await ready
  if (!json) await terminal.out("Stopping …\n")
  // The primary first: nothing it has in flight then waits for a replica that is gone.
  const inOrder = [...supervised].sort((one, other) => Number(other.name === primary) - Number(one.name === primary))
  for (const node of inOrder) await node.stop()
  return code
}

/** The name of the primary as soon as both can be used, or undefined where the pair is stopped before. */
async function waitUntilReady(nodes: readonly DevNode[], over: Promise<number>): Promise<string | undefined> {
  let stopped = false
  void over.then(() => (stopped = true))
  while (!stopped) {
    const roles = await Promise.all(nodes.map(readyRole))
    const primary = roles.indexOf("primary")
    if (primary >= 0 && roles.includes("replica")) return nodes[primary]?.name
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 100))])
  }
  return undefined
}

async function readyRole(node: DevNode): Promise<string | undefined> {
  try {
    const answer = await fetch(`${node.url}/readyz?for=sync`, { signal: AbortSignal.timeout(2_000) })
    await answer.body?.cancel()
    return answer.ok ? (answer.headers.get("tandem-role") ?? undefined) : undefined
  } catch {
    // Not listening yet.
    return undefined
  }
}

function announce(nodes: readonly DevNode[], primary: string, terminal: Terminal, paint: Paint, json: boolean): Promise<void> {
  const keyFile = join(nodes.find((node) => node.name === primary)?.directory ?? "", "root.key")
  if (json) {
    const known = nodes.map(({ name, url, directory }) => ({ node: name, role: name === primary ? "primary" : "replica", url, data: directory }))
    return terminal.out(`${JSON.stringify({ nodes: known, rootKeyFile: keyFile })}\n`)
  }
  const lines = nodes.map(({ name, url }) => `  ${name === primary ? "primary" : "replica"}  ${paint("bold", url)}   (node ${name})`)
  const key = `  root key in ${paint("bold", keyFile)}`
  return terminal.out(`\n${paint("green", "The pair is ready.")} Ctrl-C stops both.\n${lines.join("\n")}\n${key}\n\n`)
}
