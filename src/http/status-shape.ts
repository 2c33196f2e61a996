// How a node is, as GET /status and its like answer.
import * as v from "valibot"
import { timeShape, versionShape } from "../operations/entity-shape.ts"

const bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

export const nodeStatusShape = v.strictObject({
  node: v.string(),
  role: v.picklist(["primary", "replica"]),
  clusterId: v.nullable(v.string()),
  epoch: v.pipe(v.strictObject({ number: versionShape, id: v.string() }), v.description("Of the primary's reign: the higher number wins.")),
  mode: v.picklist(["paired", "solo"]),
  head: v.pipe(versionShape, v.description("The highest version on this disk.")),
  committed: v.pipe(versionShape, v.description("The highest version that reads may show.")),
  digest: v.pipe(v.string(), v.description("SHA-256 of the newest record.")),
  inDoubt: v.pipe(versionShape, v.description("Versions prepared here whose outcome is not decided yet.")),
  oldestVersion: v.pipe(versionShape, v.description("How far back reads may go; 1 where everything is kept.")),
  oldestVersions: v.pipe(v.record(v.string(), versionShape), v.description("The same of collections that have a retention of their own, and of definitions then.")),
  release: v.string(),
  peer: v.strictObject({
    node: v.nullable(v.string()),
    reachable: v.boolean(),
    head: v.nullable(versionShape),
    committed: v.nullable(versionShape),
    inSync: v.boolean(),
    lastHeardAt: v.nullable(timeShape),
  }),
  lease: v.pipe(v.nullable(v.strictObject({ remainingMs: v.number() })), v.description("Of the primary; null on a replica.")),
  promotion: v.pipe(
    v.nullable(v.strictObject({ lacking: v.boolean(), waitMs: bytes })),
    v.description("Of a replica, what speaks against promoting it: writes that it may lack, and what may be left of its primary's lease."),
  ),
  decision: v.pipe(
    v.nullable(v.strictObject({ what: v.picklist(["promote", "promote-solo", "handover", "solo", "paired", "restore"]), by: v.string(), reason: v.string(), forced: v.boolean() })),
    v.description("The newest decision about roles and mode: who took it, and why; null where none was taken yet."),
  ),
  fetching: v.pipe(
    v.nullable(v.strictObject({ version: v.nullable(versionShape), bytes, totalBytes: bytes })),
    v.description("Of a replica that fetches a copy of its primary's data, how much it has: it shows nothing meanwhile; null otherwise."),
  ),
  disk: v.strictObject({ freeBytes: bytes, floorBytes: bytes, dataBytes: bytes }),
  backup: v.pipe(
    v.nullable(v.strictObject({ version: v.nullable(versionShape), at: v.nullable(timeShape), error: v.nullable(v.string()) })),
    v.description("The newest backup that this process made, and why the last one came to nothing, if it did; null where it makes none."),
  ),
  shipping: v.pipe(
    v.nullable(v.strictObject({ version: v.nullable(versionShape), lagVersions: versionShape, lagMs: bytes, error: v.nullable(v.string()) })),
    v.description("Up to which version the log is shipped, how far that is behind, and why the last try came to nothing, if it did; null where no log is shipped. Only the primary ships: on a replica the version is null."),
  ),
  scrub: v.pipe(
    v.strictObject({ endedAt: v.nullable(timeShape), entries: bytes }),
    v.description("When this process last came to the end of reading all that is stored, to find what the disk has changed; and how many entries it has read since it began again, 0 where it rests."),
  ),
  startedAt: timeShape,
  stuck: v.pipe(v.nullable(v.string()), v.description("Why it is stuck; null where it is not.")),
})

export const storeCheckShape = v.strictObject({
  version: versionShape,
  digest: v.pipe(v.string(), v.description("SHA-256 of all that reads as of this version can show; equal on both nodes.")),
  problems: v.array(v.strictObject({ where: v.string(), what: v.string() })),
  counts: v.strictObject({ records: bytes, entities: bytes, superseded: bytes }),
})
