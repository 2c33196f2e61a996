// `tandem verify`: checks a node's whole log chain, rows, history and indexes, and shows a digest that both nodes share.
// Never changes anything it looks at.
import { exitCodes } from "../runtime/exit.ts"
import { connect } from "./api.ts"
import { paintFor } from "./colour.ts"
import type { Command, Invocation } from "./command.ts"
import { CommandFailed } from "./command-failed.ts"
import { type Fields, fieldsOf, isFields, textField } from "./fields.ts"
import { jsonLine } from "./json-line.ts"
import { inline } from "./printable.ts"
import { ProgressBar, whileWaiting } from "./progress.ts"
import { withStoppedNode } from "./stopped-node.ts"
import { table } from "./table.ts"
import { whichNode, whichNodeFlags } from "./which-node.ts"

export const verify: Command = {
  name: "verify",
  summary: "Checks a node's whole data, and shows a digest that is equal on both nodes",
  arguments: "",
  positionalsMax: 0,
  flags: {
    ...whichNodeFlags,
    json: { help: "Version, digest, problems and counts as JSON" },
  },
  examples: ["tandem verify --data ./data/a", "tandem verify --url http://127.0.0.1:4010 --json"],
  exits: [exitCodes.failed, exitCodes.damaged, exitCodes.locked, exitCodes.stuck, exitCodes.settings],
  run: runVerify,
}

async function runVerify(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation
  const node = whichNode(flags, terminal)
  const report = node === "running" ? await checkRunning(invocation) : await checkStopped(node.stopped, invocation)
  if (!isFields(report)) throw new CommandFailed("The node answered something else than a report.")
  const problems = Array.isArray(report["problems"]) ? report["problems"] : []
  await show(report, problems, invocation)
  return problems.length === 0 ? exitCodes.done : exitCodes.damaged
}

function checkRunning({ flags, terminal }: Invocation): Promise<unknown> {
  const api = connect(flags, terminal)
  return whileWaiting(terminal, `${api.url} checks its data`, api.ask((service) => service.checkStore({ timeoutMs: Number.POSITIVE_INFINITY })))
}

async function checkStopped(data: string, { terminal }: Invocation): Promise<Fields> {
  const { verifyStore } = await import("../store/verify.ts")
  const bar = new ProgressBar(terminal, "verify", "entries")
  const onProgress = (done: number, total: number): void => bar.at(done, total === 0 ? undefined : done / total)
  try {
    const checked = await withStoppedNode(data, terminal, (store) => verifyStore(store, onProgress), "Stop it first, or check it with --url.")
    const { committed, digest, problems, counts } = checked
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
