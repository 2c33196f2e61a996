// Places where a test can have the real program die as if by `kill -9`: before and after every step of a write.
// Off unless TANDEM_FAILPOINT names one; `name:3` dies when it is reached for the third time.
import { environmentVariable } from "./environment.ts"

export const failpoints = [
  "primary.prepare.before",
  "primary.prepare.after",
  "primary.send-prepare.before",
  "primary.send-prepare.after",
  "primary.vote-received",
  "primary.commit.before",
  "primary.commit.after",
  "primary.send-commit.before",
  "primary.send-commit.after",
  "primary.commit-confirmed",
  "primary.acknowledge.before",
  "primary.acknowledge.after",
  "primary.undo.before",
  "primary.undo.after",
  "primary.identify.before",
  "primary.identify.after",
  "primary.handover.before",
  "primary.handover.after",
  "primary.trim.before",
  "primary.trim.after",
  "replica.trim.before",
  "replica.trim.after",
  "snapshot.copy.before",
  "snapshot.copy.after",
  "snapshot.digests.after",
  "snapshot.held.after",
  "snapshot.give-chunk.before",
  "snapshot.give-chunk.after",
  "snapshot.drop.before",
  "snapshot.drop.after",
  "snapshot.begin.before",
  "snapshot.begin.after",
  "snapshot.write-chunk.before",
  "snapshot.write-chunk.after",
  "snapshot.whole.after",
  "snapshot.verified.after",
  "snapshot.identity.after",
  "snapshot.keep.after",
  "snapshot.rename.after",
  "snapshot.replaced.after",
  "replica.prepare.before",
  "replica.prepare.after",
  "replica.vote.before",
  "replica.vote.after",
  "replica.commit.before",
  "replica.commit.after",
  "replica.confirm-commit.before",
  "replica.confirm-commit.after",
  "replica.undo.before",
  "replica.undo.after",
  "backup.copy.before",
  "backup.copy.after",
  "backup.check.after",
  "backup.rename.after",
  "restore.replay.after",
  "restore.rename.before",
  "ship.write.before",
  "ship.rename.before",
  "ship.rename.after",
  "replica.identify.before",
  "replica.identify.after",
  "replica.promote.after",
  "rejoin.file.before",
  "rejoin.file.after",
  "rejoin.undo.before",
  "rejoin.chunk.after",
  "rejoin.undo.after",
  "rejoin.identify.after",
  "migrate.chunk",
  "migrate.rename.before",
  "migrate.rename.after",
] as const

export type Failpoint = (typeof failpoints)[number]

export const failpointVariable = "TANDEM_FAILPOINT"

const armed = parse(environmentVariable(failpointVariable) ?? "")

/** Ends the process here, at once and without a trace, if this is the armed place. */
export function failpoint(name: Failpoint): void {
  if (armed === undefined || armed.name !== name) return
  armed.left--
  if (armed.left === 0) process.kill(process.pid, "SIGKILL")
}

/** What is wrong with the variable, or undefined. */
export function whyNoFailpoint(text: string | undefined): string | undefined {
  if (text === undefined || text === "" || parse(text) !== undefined) return undefined
  return `there is no failpoint "${text}"; there are: ${failpoints.join(", ")}`
}

function parse(text: string): { readonly name: Failpoint; left: number } | undefined {
  const [given, times = "1", ...more] = text.split(":")
  const name = failpoints.find((one) => one === given)
  return name === undefined || more.length > 0 || !/^[1-9]\d{0,8}$/.test(times) ? undefined : { name, left: Number(times) }
}
