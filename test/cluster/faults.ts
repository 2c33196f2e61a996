// Which tests show what becomes of each fault that a pair may meet, and the command that goes on with it for as long as it may.

export interface Fault {
  readonly number: number
  readonly title: string
  /** By file, in this directory or from the test directory on; what stands in its test's name. */
  readonly tests: readonly (readonly [file: string, name: string])[]
  readonly long?: string
  /** What none of the tests tries. */
  readonly open?: string
}

const chaos = "npm run chaos -- --hours"
const sim = "npm run sim -- --seeds"

export const faults: readonly Fault[] = [
  {
    number: 1,
    title: "kill -9 of either node before and after every step",
    tests: [
      ["failpoints.test.ts", "a pair keeps what it acknowledged and resolves what it did not"],
      ["promotion.test.ts", "at each step of being promoted, the replica too"],
      ["promotion.test.ts", "killed at each of its steps, on either side"],
      ["rejoin.test.ts", "killed at each step of rejoining"],
      ["backup.test.ts", "that is killed at any step leaves no backup under its name"],
    ],
    long: chaos,
  },
  {
    number: 2,
    title: "Random kill -9 of either or both under load",
    tests: [["chaos.test.ts", "nodes that are killed, paused, promoted and handed over under load keep every promise"]],
    long: chaos,
  },
  {
    number: 3,
    title: "An answer is written after both disks have synced",
    tests: [
      ["durability.test.ts", "a client hears of its write after both disks have synced it"],
      ["durability.test.ts", "the replica votes after its disk has synced the batch"],
    ],
  },
  {
    number: 4,
    title: "The primary and its disk are destroyed, the replica is promoted",
    tests: [
      ["destroyed-primary.test.ts", "%s, and its replica is promoted: nothing is lost, and nothing is there twice"],
      ["promotion.test.ts", "everything that was acknowledged is there, a retry gets the same answer"],
    ],
    long: chaos,
  },
  {
    number: 5,
    title: "The old primary returns after a promotion",
    tests: [["rejoin.test.ts", "is fenced with 76, rejoins, starts as a replica and gets everything"]],
    long: chaos,
  },
  {
    number: 6,
    title: "A paused primary, promotion, and the primary goes on",
    tests: [["promotion.test.ts", "ends with 76 or 75, and neither answers a read nor acknowledges anything"]],
    long: chaos,
  },
  {
    number: 7,
    title: "Power cut: what was not synced is lost, kept or torn",
    tests: [["power-cut.test.ts", "at any moment, with what was not synced lost, kept or torn, has everything it had said"]],
    long: "npm run power-cuts -- --hours",
    open: "Disks that lie about a sync; sectors that hold something else than the old or the new bytes.",
  },
  {
    number: 8,
    title: "Errors of fdatasync, of page and meta page writes, full disks, short writes",
    tests: [
      ["disk-faults.test.ts", "to sync ends at once and starts again whole"],
      ["disk-faults.test.ts", "to write a page or the meta page ends at once and starts again whole"],
      ["disk-faults.test.ts", "to write several pages in one call ends at once and starts again whole"],
      ["disk-faults.test.ts", "to take all of a write, and says no more than that, ends at once and starts again whole"],
    ],
  },
  {
    number: 9,
    title: "A sync that hangs",
    tests: [["stuck.test.ts", "on either node is ended by the watchdog, before it returns and with nothing promised"]],
  },
  {
    number: 10,
    title: "Disk full at each stage",
    tests: [
      ["no-room.test.ts", "is a 507 that names its node, and nothing of it is on either disk, now or later; reads go on"],
      ["disk-faults.test.ts", "to write a page or the meta page ends at once and starts again whole"],
      ["full-disk.test.ts", "above its floor: a 507 leaves no trace on either disk"],
      ["full-disk.test.ts", "without a floor: it ends with 74 in the middle of a write, and nothing acknowledged is lost"],
    ],
  },
  {
    number: 11,
    title: "Network faults between the nodes",
    tests: [
      ["replay.test.ts", "messages that all arrive twice, change everything once"],
      ["stuck.test.ts", "ends with 75 in the middle of a write, whose outcome is unknown until it is sent again"],
      ["bad-line.test.ts", "that are cut after any byte of a write's messages: asked again, and done once"],
      ["bad-line.test.ts", "which is silent while the other direction is not"],
      ["bad-line.test.ts", "messages overtake each other, and everything is done once"],
      ["bad-line.test.ts", "messages of a process that is no more arrive under the next one, and change nothing"],
      ["two-networks.test.ts", "%s: nobody is told what is not so, and they come together again"],
      ["two-networks.test.ts", "the old primary acknowledges and shows nothing, and is fenced as soon as the link is back"],
    ],
    long: chaos,
  },
  {
    number: 12,
    title: "Old messages replayed after restart, rollback, promotion",
    tests: [
      ["replay.test.ts", "after the primary has started again, are refused and change nothing"],
      ["replay.test.ts", "after the replica has started again, are refused and change nothing"],
      ["replay.test.ts", "after they were rolled back, are refused and change nothing"],
      ["replay.test.ts", "after the replica was promoted, and after it has started again as the primary, are refused and change nothing"],
    ],
    long: sim,
  },
  {
    number: 13,
    title: "Both promoted",
    tests: [
      ["both-promoted.test.ts", "both nodes lead the same epoch: one of them acknowledges; when they meet both stop"],
      ["identity.test.ts", "another primary, ends with 72 and changes nothing there"],
    ],
    long: sim,
  },
  {
    number: 14,
    title: "Older, swapped, foreign or missing disks; one node id twice; a node pointed at itself",
    tests: [
      ["identity.test.ts", "ends with 72 and is not filled by itself; with --join it is"],
      ["identity.test.ts", "a primary that lost its disk ends with 72, and the replica keeps everything"],
      ["identity.test.ts", "itself, ends with 72"],
      ["identity.test.ts", "a node of the same name, ends with 72 and changes nothing there"],
      ["identity.test.ts", "the replica of another pair, ends with 72 and changes nothing there"],
      ["retention.test.ts", "the replica's: it stops, and says what is missing"],
      ["retention.test.ts", "the primary's: it stops, and says what is missing"],
    ],
    long: sim,
  },
  {
    number: 15,
    title: "One byte flipped in a row or a record",
    tests: [
      ["store/verify.test.ts", "is found in %s whichever entry is missing, and whichever byte of a key or value is another"],
      ["flipped-bytes.test.ts", "neither node serves it; both stop and name it"],
      ["flipped-bytes.test.ts", "is in no answer: each is what it was, or none"],
      ["flipped-bytes.test.ts", "is in no write that begins with it, and nobody is told of one"],
      ["data-directory.test.ts", "a clear message, the exit code, and the file untouched"],
    ],
  },
  {
    number: 16,
    title: "Two processes on one data directory",
    tests: [["data-directory.test.ts", "is refused to a second one under %s, which names the holder, and is free at once after kill -9"]],
  },
  {
    number: 17,
    title: "An empty, small, zeroed, garbage or truncated data file",
    tests: [["data-directory.test.ts", "a clear message, the exit code, and the file untouched"]],
  },
  {
    number: 18,
    title: "Catch-up beyond retention",
    tests: [
      ["snapshot.test.ts", "a copy still arrives, whole"],
      ["snapshot.test.ts", "that is damaged where it arrives is asked for again there"],
      ["identity.test.ts", "and is killed while it is filled, goes on where it was"],
    ],
  },
  {
    number: 19,
    title: "Clock jumps of a day",
    tests: [
      ["operations/batch-run.test.ts", "never go back in time, even where the clock did"],
      ["clock-jumps.test.ts", "stops nobody; records never go back in time, and both nodes have the same"],
      ["clock-jumps.test.ts", "does not bring back what has ended, on either node, nor ends at once what has long to live"],
      ["clock-jumps.test.ts", "makes no promotion come sooner, and under a new primary whose clock is behind records do not go back either"],
    ],
    long: sim,
  },
  {
    number: 20,
    title: "What clients see at both nodes has an order, under faults too",
    tests: [
      ["chaos.test.ts", "nodes that are killed, paused, promoted and handed over under load keep every promise"],
      ["linearizability/checker.test.ts", "are one, where the last writes were one after the other"],
    ],
    long: chaos,
  },
  {
    number: 21,
    title: "Trimming and copies are killed at every step",
    tests: [
      ["retention.test.ts", "a pair has all that may be read"],
      ["backup.test.ts", "that is killed at any step leaves no backup under its name"],
    ],
  },
  {
    number: 22,
    title: "SIGTERM under load",
    tests: [
      ["termination.test.ts", "of the %s ends it with 0, and breaks no promise"],
      ["termination.test.ts", "of both ends both with 0, and both start again in sync"],
      ["termination.test.ts", "of the primary tells no client anything that is not so"],
    ],
  },
]
