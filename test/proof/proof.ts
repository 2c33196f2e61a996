// docs/PROOF.md, made from what the runs have left behind. Says what was tried, how often, and what was not; never more than a run showed.
import { failpoints } from "../../src/runtime/failpoint.ts"
import { type Fault, faults } from "../cluster/faults.ts"
import { orders } from "../cluster/killed-at.ts"
import { unreached } from "../coverage/unreached.ts"
import { mutants } from "../sim/mutants.ts"
import type { Crashes } from "./crash-matrix.ts"
import { groupOf, groups } from "./failpoint-groups.ts"
import { notCovered } from "./not-covered.ts"

/** One line of docs/proof/runs.jsonl. */
export interface Run {
  readonly kind: string
  readonly commit: string
  readonly at: string
  readonly [count: string]: string | number
}

export function proof(crashes: Crashes, runs: readonly Run[]): string {
  return [
    "# The proof",
    "",
    "Made by `npm run proof` from what the runs have left in `docs/proof/`; do not edit it. What each test and command does is in [ARCHITECTURE.md](ARCHITECTURE.md) and [PROTOCOL.md](PROTOCOL.md).",
    "",
    ...section("Long runs", longRuns(runs)),
    ...section("Faults", faultTable(faults)),
    ...section("A pair killed at every step of a write", crashMatrix(crashes)),
    ...section("Killed at the steps of other work", otherSteps()),
    ...section("Rules broken on purpose", brokenRules()),
    ...section("Branches that nothing reaches", unreachedBranches()),
    ...section("What is not covered", notCovered.map((line) => `- ${line}`)),
  ].join("\n")
}

function section(title: string, lines: readonly string[]): string[] {
  return [`## ${title}`, "", ...lines, ""]
}

function longRuns(runs: readonly Run[]): string[] {
  const kinds = [...new Set(runs.map(({ kind }) => kind))].sort()
  const tables = kinds.flatMap((kind) => {
    const own = runs.filter((run) => run.kind === kind)
    const counts = [...new Set(own.flatMap((run) => Object.entries(run).filter(([, value]) => typeof value === "number").map(([name]) => name)))].filter((name) => name !== "from")
    const rows = [...Map.groupBy(own, ({ commit }) => commit)].map(([commit, some]) => [`${some[0]?.at.slice(0, 10)}, ${commit}`, ...counts.map((name) => grouped(sum(some, name))), failedOf(some)])
    return [...table([what[kind] ?? kind, ...counts, "failed"], [...rows, ["**all of them**", ...counts.map((name) => `**${grouped(sum(own, name))}**`), ""]]), ""]
  })
  if (tables.length > 0) tables.unshift("Counted by the commit that was tried. A run ends with the first seed that fails, or with the first promise that is broken; what was found was mended before the next one, with a test where it was a fault of the program and not of what tries it. (The broken promise of chaos seed 500525 was none: clients had written more than `--retention` keeps before what they wrote was read and compared.)", "")
  return tables.length === 0 ? ["None is recorded yet: `npm run sim -- --seeds 100000 --record`, `npm run chaos -- --hours 1 --record`."] : tables
}

const what: Readonly<Record<string, string>> = { sim: "Simulated seeds (`npm run sim -- --record`)", chaos: "Real pairs (`npm run chaos -- --record`)" }

/** A run ends with the first that fails. */
function failedOf(runs: readonly Run[]): string {
  return runs.flatMap(({ failed }) => (typeof failed === "string" && failed !== "" ? [`\`${failed}\``] : [])).join(", ")
}

function sum(runs: readonly Run[], name: string): number {
  return Number(runs.reduce((total, run) => total + Number(run[name] ?? 0), 0).toFixed(3))
}

function grouped(count: string | number): string {
  return typeof count === "number" ? count.toLocaleString("en-US") : count
}

function faultTable(all: readonly Fault[]): string[] {
  return table(
    ["", "fault", "tests", "in long", "not tried"],
    all.map(({ number, title, tests, long, open }) => [String(number), title, [...new Set(tests.map(([file]) => `\`${file}\``))].join(", "), long === undefined ? "" : `\`${long}\``, open ?? ""]),
  )
}

function crashMatrix({ commit, crashes }: Crashes): string[] {
  const names = failpoints.filter((name) => groupOf(name) === groups.write)
  const rows = names.map((name) => [
    `\`${name}\``,
    ...orders.map((order) => {
      const crash = crashes.find((one) => one.failpoint === name && one.order === order)
      return crash === undefined ? "not run" : `kept; unknown: ${crash.unknownCommitted} committed, ${crash.unknownGone} without a trace`
    }),
  ])
  return [
    `The process dies at the step (the name says on which node), then is started again: ${orders.map((order) => `*${order}*`).join("; ")}. \`npm run proof:crashes\`, at ${commit}: "kept" is that ${groups.write.outcome}; of the writes whose outcome nobody was told it says how many had been committed.`,
    "",
    ...table(["dies at", ...orders], rows),
  ]
}

function otherSteps(): string[] {
  const others = Object.values(groups).filter((group) => group !== groups.write)
  return table(
    ["work", "steps", "what holds", "test"],
    others.flatMap((group) => {
      const steps = failpoints.filter((name) => groupOf(name) === group)
      return steps.length === 0 ? [] : [[group.title, steps.map((name) => `\`${name}\``).join(" "), group.outcome, `\`${group.test}\``]]
    }),
  )
}

function brokenRules(): string[] {
  return ["`npm run sim:mutants` breaks each of these with the assertions off; a checker of the simulator finds it.", "", ...table(["rule", "found by"], mutants.map(({ rule, checks }) => [rule, checks.join(", ")]))]
}

function unreachedBranches(): string[] {
  const reasons = [...Map.groupBy(unreached, ({ why }) => why)]
  return [
    "The tests of `src/protocol` and a few hundred seeds of the simulator reach each of its branches but these, and arms that the compiler knows to be impossible. `test/coverage/` measures it with each run of the tests.",
    "",
    ...table(["why", "in"], reasons.map(([why, some]) => [why, [...Map.groupBy(some, ({ file }) => file)].map(([file, { length }]) => `${file}: ${length}`).join(", ")])),
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`
  return [line(head), line(head.map(() => "---")), ...rows.map(line)]
}
