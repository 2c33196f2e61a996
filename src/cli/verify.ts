// `tandem verify`: checks a node's whole log chain, rows, history and indexes, and shows a digest that both nodes share.
// Never changes anything it looks at.
import { exitCodes } from "../runtime/exit.ts"
import type { StoreReport } from "../client/node-status.ts"
import type { TableStore } from "../store/table-store.ts"
import { connect } from "./api.ts"
import { paintFor } from "./colour.ts"
import type { Command, Invocation } from "./command.ts"
import { CommandFailed } from "./command-failed.ts"
import { type Fields, fieldsOf, isFields, textField } from "./fields.ts"
import { jsonLine } from "./json-line.ts"
import { nodeFlags, nodeSettings } from "./node-flags.ts"
import { ownNode } from "./other-node.ts"
import { inline } from "./printable.ts"
import { ProgressBar, whileWaiting } from "./progress.ts"
import { repairFromPeer } from "./repair.ts"
import { lockStopped, openLocked, withStoppedNode } from "./stopped-node.ts"
import { table } from "./table.ts"
import { whichNode, whichNodeFlags } from "./which-node.ts"

export const verify: Command = {
  name: "verify",
  summary: "Checks a node's whole data, and shows a digest that is equal on both nodes",
  arguments: "",
  positionalsMax: 0,
  flags: {
    ...nodeFlags,
    ...whichNodeFlags,
    "repair-from-peer": { help: "Puts the other node's data in the place of a stopped one's that is damaged; as `tandem serve`" },
    json: { help: "Version, digest, problems and counts as JSON" },
  },
  examples: [
    "tandem verify --data ./data/a",
    "tandem verify --url http://127.0.0.1:4010 --json",
    "tandem verify --repair-from-peer --node a --data /data --peer http://b.internal:4001 \\\n    --secret-file /run/secret",
  ],
  exits: [exitCodes.failed, exitCodes.damaged, exitCodes.foreign, exitCodes.locked, exitCodes.disk, exitCodes.stuck, exitCodes.settings],
  run: runVerify,
}

async function runVerify(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation
  if (flags.on("repair-from-peer")) return runRepair(invocation)
  const node = whichNode(flags, terminal)
  const report = node === "running" ? await checkRunning(invocation) : await checkStopped(node.stopped, invocation)
  if (!isFields(report)) throw new CommandFailed("The node answered something else than a report.")
  const problems = Array.isArray(report["problems"]) ? report["problems"] : []
  await show(report, problems, invocation)
  return problems.length === 0 ? exitCodes.done : exitCodes.damaged
}

/** Checks it first: what is sound stays as it is. */
async function runRepair(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation
  const settings = nodeSettings(invocation)
  const { nodeId, dataDirectory } = settings
  await lockStopped(dataDirectory, "Stop it first: a node that runs cannot be repaired.")
  const report = await damageOf(dataDirectory, nodeId, invocation)
  const problems = report.problems ?? []
  if (problems.length === 0) {
    await show(report, problems, invocation)
    return exitCodes.done
  }
  for (const { where, what } of problems) terminal.note(`damaged  ${inline(`${where}: ${what}`)}`)
  const { peer, version, role } = await repairFromPeer(settings, terminal)
  const done = `Node ${nodeId}, the ${role}, has the data of node ${peer.node}, the ${peer.role} of epoch ${peer.epoch.number}, at version ${version}. Start it with \`tandem serve\`.`
  await terminal.out(flags.on("json") ? jsonLine({ node: nodeId, repaired: true, role, from: peer.node, version, problems }) : `${done} What was there is kept as replaced.mdb until the pair is in sync.\n`)
  return exitCodes.done
}

/** Also of data that no node would start with. */
async function damageOf(data: string, nodeId: string, invocation: Invocation): Promise<Partial<StoreReport>> {
  try {
    return await openLocked(data, invocation.terminal, (store) => {
      ownNode(nodeId, store.identity().nodeId, data)
      return checked(store, invocation)
    })
  } catch (error) {
    if (error instanceof CommandFailed && error.exitCode === exitCodes.damaged) return { problems: [{ where: "the data", what: error.message }] }
    throw error
  }
}

function checkRunning({ flags, terminal }: Invocation): Promise<unknown> {
  const api = connect(flags, terminal)
  return whileWaiting(terminal, `${api.url} checks its data`, api.ask((service) => service.checkStore({ timeoutMs: Number.POSITIVE_INFINITY })))
}

function checkStopped(data: string, invocation: Invocation): Promise<StoreReport> {
  return withStoppedNode(data, invocation.terminal, (store) => checked(store, invocation), "Stop it first, or check it with --url.")
}

async function checked(store: TableStore, { terminal }: Invocation): Promise<StoreReport> {
  const { verifyStore } = await import("../store/verify.ts")
  const bar = new ProgressBar(terminal, "verify", "entries")
  const onProgress = (done: number, total: number): void => bar.at(done, total === 0 ? undefined : done / total)
  try {
    const { committed, digest, problems, counts } = await verifyStore(store, onProgress)
    return { version: committed, digest, problems, counts }
  } finally {
    bar.end()
  }
}

async function show(report: Fields, problems: readonly unknown[], { flags, terminal }: Invocation): Promise<void> {
  if (flags.on("json")) return terminal.out(jsonLine(report))
  const paint = paintFor(terminal)
  const rows = [
    ["version", inline(report["version"])],
    ["digest", paint("bold", inline(report["digest"]))],
    ...Object.entries(fieldsOf(report, "counts")).map(([name, count]) => [name, inline(count)]),
  ]
  await terminal.out(table(rows.map(([name = "", value = ""]) => [paint("dim", name), value])))
  for (const problem of problems) {
    const line = isFields(problem) ? `${textField(problem, "where") ?? ""}: ${textField(problem, "what") ?? ""}` : inline(problem)
    await terminal.out(`${paint("red", "damaged")}  ${inline(line)}\n`)
  }
  await terminal.out(problems.length === 0 ? `${paint("green", "No problems found.")}\n` : `${paint("red", `${problems.length} problems found.`)}\n`)
}
