// Runs a node under strace and reads what it wrote down: one call per entry, with its beginning and its end, also where
// another thread's call came between.
import { readFileSync } from "node:fs"
import { spawnSync } from "node:child_process"

export interface SystemCall {
  readonly pid: number
  readonly name: string
  /** As strace shows them, without the parentheses. */
  readonly arguments: string
  /** -1 with an error; null where the process ended in it. */
  readonly result: number | null
  /** Seconds since 1970. strace stops the caller before and after, so these bound the call from outside. */
  readonly beginS: number
  readonly endS: number
}

/** Where it is missing, the tests that need it are left out and counted as such. CI must have it. */
export const isStraceHere = process.env["CI"] !== undefined || spawnSync("strace", ["--version"]).status === 0

/** What `start` takes as `under`. */
export function strace(output: string, { calls, shownBytes = 32, more = [] }: { readonly calls: readonly string[]; readonly shownBytes?: number; readonly more?: readonly string[] }): readonly string[] {
  const trace = `trace=${calls.join(",")}`
  return ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-ttt", "-T", "-s", String(shownBytes), "-e", "signal=none", "-e", trace, ...more, "-o", output]
}

/** What is there by now: the last line may be unfinished while the process runs. */
export function readTrace(output: string): SystemCall[] {
  const text = readFileSync(output, "latin1")
  return parseTrace(text.slice(0, text.lastIndexOf("\n") + 1))
}

const whole = /^(\d+) +([\d.]+) (\w+)\((.*)\) += (-?\d+|\?)(?:<.*>)?(?:| .*)$/
const unfinished = /^(\d+) +([\d.]+) (\w+)\((.*?) *<(?:unfinished|detached) \.\.\.>$/
/** What is said without being a call, or of one that strace did not see whole because it left. */
const remark = /^\d+ +[\d.]+ (\+\+\+|---|\?\?\?\() /
const resumed = /^(\d+) +([\d.]+) <\.\.\. (\w+) resumed>(.*)\) += (-?\d+|\?)(?:<.*>)?(?:| .*)$/
const duration = / <([\d.]+)>$/

export function parseTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = []
  const open = new Map<string, SystemCall>()
  let isUncut = false
  for (const line of text.split("\n")) {
    // The two times of a line are of two clocks: it was over before the next one began.
    const last = isUncut ? calls.pop() : undefined
    if (last !== undefined) calls.push({ ...last, endS: Math.min(last.endS, Number(/^\d+ +([\d.]+) /.exec(line)?.[1] ?? last.endS)) })
    isUncut = false
    const begun = unfinished.exec(line)
    const ended = begun === null ? resumed.exec(line) : null
    const [, pid = "", at = "", name = "", shown = "", result = "?"] = begun ?? ended ?? whole.exec(line) ?? []
    const id = `${pid} ${name}`
    if (begun !== null) open.set(id, { pid: Number(pid), name, arguments: shown, result: null, beginS: Number(at), endS: Number.POSITIVE_INFINITY })
    else if (ended !== null) {
      const before = open.get(id)
      if (before === undefined) throw new Error(`strace resumes what never began: ${line}`)
      open.delete(id)
      calls.push({ ...before, arguments: before.arguments + shown, result: valueOf(result), endS: Number(at) })
    } else if (pid !== "") {
      calls.push({ pid: Number(pid), name, arguments: shown, result: valueOf(result), beginS: Number(at), endS: Number(at) + Number(duration.exec(line)?.[1] ?? 0) })
      isUncut = true
    } else if (line !== "" && !remark.test(line)) throw new Error(`not a line of strace: ${line.slice(0, 200)}`)
  }
  return [...calls, ...open.values()].sort((one, other) => one.beginS - other.beginS)
}

function valueOf(result: string): number | null {
  return result === "?" ? null : Number(result)
}
