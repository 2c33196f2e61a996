// `tandem import`: JSON lines into a pair, strictly in order, in full batches, and safe to run again.
import { exitCodes } from "../runtime/exit.ts"
import { apiFlags, connect } from "./api.ts"
import type { Command, Invocation } from "./command.ts"
import { CommandFailed, wrongUsage } from "./command-failed.ts"
import { numberField } from "./fields.ts"
import { type LineOptions, sourceLines, streamLine } from "./import-lines.ts"
import { ImportSource } from "./import-source.ts"
import { ImportStream } from "./import-stream.ts"
import type { Sent } from "./import-window.ts"
import { counted, grouped, ProgressBar } from "./progress.ts"
import { parseDuration, showDuration } from "./quantity.ts"
import type { Terminal } from "./terminal.ts"

const retryDefaultMs = 60_000
const pauseMinMs = 100
const pauseMaxMs = 2_000

export const importCommand: Command = {
  name: "import",
  summary: "Reads JSON lines, plain or gzip: transactions, documents, or what export wrote",
  arguments: "[<file> | -]",
  positionalsMax: 1,
  flags: {
    ...apiFlags,
    collection: { value: "<name>", help: "Each line is a document of this collection: { id?, value }, or a bare object" },
    "keep-times": { help: "A line's `at` becomes its record's time (scope admin)" },
    retry: { value: "<duration>", help: `How long to try again after the connection was cut, 0s for not at all (${showDuration(retryDefaultMs)})` },
    json: { help: "The summary as JSON" },
  },
  examples: [
    "tandem import history.jsonl.gz",
    "zcat goals.jsonl.gz | tandem import - --collection goals",
    `echo '{"at":"2012-01-01T00:00:00Z","operations":[{"op":"collection.define","data":{"name":"goals"}}]}' | tandem import --keep-times`,
    "tandem import history.jsonl.gz --keep-times",
  ],
  exits: [exitCodes.failed, exitCodes.stuck],
  run: runImport,
}

interface Counts {
  lines: number
  already: number
  version: number | undefined
}

async function runImport({ flags, positionals, terminal }: Invocation): Promise<number> {
  const retryMs = parseDuration(flags.text("retry") ?? `${retryDefaultMs}ms`)
  if (retryMs === undefined) throw wrongUsage("--retry must be a duration such as 10s or 5m.")
  const source = new ImportSource(positionals[0], terminal.input)
  const bar = new ProgressBar(terminal, "import", "lines")
  const counts: Counts = { lines: 0, already: 0, version: undefined }
  const keepTimes = flags.on("keep-times")
  const query = `results=false${keepTimes ? "&keepTimes=true" : ""}`
  const lines = bodies(source, { collection: flags.text("collection"), keepTimes })
  const stream = new ImportStream(connect(flags, terminal), query, lines, (answer) => {
    counts.lines += 1
    if (answer["replayed"] === true) counts.already += 1
    counts.version = Math.max(counts.version ?? 0, numberField(answer, "version") ?? 0)
    bar.at(counts.lines, source.share)
  })
  try {
    await untilDone(stream, counts, retryMs, terminal)
  } catch (error) {
    bar.end()
    throw explained(error, counts)
  }
  bar.end()
  await terminal.out(flags.on("json") ? `${JSON.stringify({ ...counts, elapsedMs: Math.round(bar.elapsedMs) })}\n` : summary(counts, bar.elapsedMs))
  return exitCodes.done
}

async function* bodies(source: ImportSource, options: LineOptions): AsyncGenerator<Sent> {
  for await (const line of sourceLines(source.chunks())) yield { number: line.number, body: streamLine(line, options) }
}

/** Connects again as long as each try that got no further is within `retryMs` of the last progress. */
async function untilDone(stream: ImportStream, counts: Counts, retryMs: number, terminal: Terminal): Promise<void> {
  let progressMs = terminal.monotonicMs()
  let pauseMs = pauseMinMs
  for (;;) {
    const before = counts.lines
    try {
      return await stream.connection()
    } catch (error) {
      if (!(error instanceof CommandFailed) || error.exitCode !== exitCodes.stuck) throw error
      if (counts.lines > before) {
        progressMs = terminal.monotonicMs()
        pauseMs = pauseMinMs
      }
      if (terminal.monotonicMs() - progressMs + pauseMs > retryMs) throw error
      if (pauseMs === pauseMinMs) terminal.note(`${error.message} Trying again; ${counted(counts.lines, "line is", "lines are")} imported so far.`)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      pauseMs = Math.min(pauseMaxMs, pauseMs * 2)
    }
  }
}

function explained(error: unknown, counts: Counts): unknown {
  if (!(error instanceof CommandFailed)) return error
  const state = `${counted(counts.lines, "line is", "lines are")} imported.`
  const again = error.exitCode === exitCodes.stuck ? " Run it again: it goes on where it stopped, and nothing is done twice." : ""
  return new CommandFailed(error.message, { exitCode: error.exitCode, hint: `${error.hint === undefined ? "" : `${error.hint}\n`}${state}${again}` })
}

function summary({ lines, already, version }: Counts, elapsedMs: number): string {
  const rate = grouped(Math.round((lines * 1_000) / Math.max(1, elapsedMs)))
  const known = already === 0 ? "" : `, ${grouped(already)} of them were there already`
  return `${counted(lines, "line", "lines")} in ${showDuration(elapsedMs)} (${rate}/s)${known}. Newest version: ${version ?? "none"}.\n`
}
