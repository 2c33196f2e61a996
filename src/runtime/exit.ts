// The only place that ends the process, and what each exit code means.
import { writeSync } from "node:fs"

export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 64,
  damaged: 65,
  internal: 70,
  diverged: 71,
  /** Foreign cluster, wrong identity, or a wiped disk without --join. */
  foreign: 72,
  locked: 73,
  disk: 74,
  /** Stuck: a supervisor should start it again. */
  stuck: 75,
  fenced: 76,
  settings: 78,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export function exit(code: ExitCode): never {
  process.exit(code)
}

/** One line for the operator, then the end. */
export function fatal(code: ExitCode, sentence: string): never {
  try {
    // Not through a stream: what it still holds when the process ends is lost.
    writeSync(2, `tandem: ${sentence.replaceAll("\n", " ")}\n`)
  } catch {
    // Nobody reads; it ends all the same.
  }
  process.exit(code)
}
