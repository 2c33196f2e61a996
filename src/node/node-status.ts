// What a node says of itself at GET /status.
import { pairRow, pairStateOf, unlogged } from "../operations/pair-state.ts"
import { digestText } from "../protocol/digest.ts"
import type { Decision } from "../protocol/reign.ts"
import { release } from "../release.ts"
import type { Store } from "../store/store.ts"
import type { Backups } from "./backups.ts"
import type { DiskFloor } from "./disk-floor.ts"
import type { RoleDriver } from "./role-driver.ts"
import type { NodeStatus, PeerStatus, ScrubStatus } from "./service.ts"
import type { NodeSettings } from "./settings.ts"
import type { Snapshots } from "./snapshots.ts"
import type { Shipper } from "./shipper.ts"

export interface StatusParts {
  readonly store: Store
  readonly settings: NodeSettings
  readonly diskFloor: DiskFloor
  readonly snapshots: Pick<Snapshots, "fetching">
  readonly backups: Pick<Backups, "status">
  readonly shipper: Pick<Shipper, "status"> | undefined
  readonly dataBytes: () => number
  readonly monotonicMs: () => number
  readonly wallMs: () => number
  readonly role: RoleDriver
  readonly startedAt: string
  readonly scrub: ScrubStatus
}

export function statusOf(parts: StatusParts): NodeStatus {
  const { store, settings, diskFloor, snapshots, dataBytes, startedAt } = parts
  const { primary, replica } = parts.role
  const { head, headDigest, committed } = store.position()
  const identity = store.identity()
  const horizon = store.horizon()
  return {
    node: settings.nodeId,
    role: identity.role,
    clusterId: identity.clusterId ?? null,
    epoch: identity.epoch,
    mode: primary?.mode === "solo" ? "solo" : "paired",
    head,
    committed,
    digest: digestText(headDigest),
    inDoubt: head - committed,
    oldestVersion: Math.max(1, horizon.oldest),
    oldestVersions: Object.fromEntries([...horizon.collections].map(([name, oldest]) => [name, Math.max(1, oldest)] as const).sort()),
    release,
    peer: peerStatus(parts),
    lease: primary?.inSync === true ? { remainingMs: Math.max(0, Math.round(primary.leaseRemainingMs())) } : null,
    promotion: replica === undefined ? null : { lacking: replica.state.lacking, waitMs: Math.round(replica.leaseLeftMs()) },
    decision: newestDecision(store),
    fetching: snapshots.fetching,
    disk: { freeBytes: diskFloor.freeBytes(), floorBytes: settings.diskFloorBytes, dataBytes: dataBytes() },
    backup: parts.backups.status,
    shipping: parts.shipper?.status ?? null,
    scrub: parts.scrub,
    startedAt,
    stuck: primary?.stuckReason ?? null,
  }
}

/** Of what is in the log, and of what has to wait for it. */
function newestDecision(store: Store): Decision | null {
  const identity = store.identity()
  const { collection, id } = pairRow
  const waiting = identity.role === "primary" ? unlogged(identity, store).at(-1) : undefined
  const newest = waiting ?? pairStateOf(store.row(collection, id, store.position().committed))
  if (newest === undefined) return null
  const { what, by, reason, forced } = newest
  return { what, by, reason, forced }
}

function peerStatus({ monotonicMs, wallMs, settings, role: { primary, replica } }: StatusParts): PeerStatus {
  const nowMs = monotonicMs()
  const wall = (heardAtMs: number): string => new Date(wallMs() - (nowMs - heardAtMs)).toISOString()
  if (replica !== undefined) {
    const { state, heard, heardAtMs } = replica
    return {
      node: state.peerNode,
      reachable: heardAtMs !== null && nowMs - heardAtMs < settings.leaseMs,
      head: heard?.head ?? null,
      committed: heard?.committed ?? null,
      inSync: state.synced,
      lastHeardAt: heardAtMs === null ? null : wall(heardAtMs),
    }
  }
  const { peer, peerNode, heardAtMs, timing } = primary.state
  return {
    node: peerNode,
    reachable: peer !== null && nowMs - heardAtMs < timing.leaseMs,
    head: peer?.head ?? null,
    committed: peer?.committed ?? null,
    inSync: primary.inSync,
    lastHeardAt: peer === null ? null : wall(heardAtMs),
  }
}
