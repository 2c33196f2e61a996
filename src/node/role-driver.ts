// The driver of the role that a node's identity has: made at the start, and anew whenever the role has changed.
import { bounds } from "../bounds.ts"
import { type Refusal, refuse } from "../refusal.ts"
import type { DriverParts } from "./driver-parts.ts"
import type { NodeParts } from "./node.ts"
import { PeerClient } from "./peer-client.ts"
import { Primary } from "./primary.ts"
import { Replica } from "./replica.ts"
import { Writer } from "./writer.ts"

export type RoleDriver =
  | { readonly primary: Primary; readonly writer: Writer; readonly replica?: never }
  | { readonly replica: Replica; readonly primary?: never; readonly writer?: never }

export interface RoleHooks extends Pick<DriverParts, "advanced" | "roleChanged"> {
  /** Asked before each batch. */
  readonly whyNotWritable: () => Refusal | undefined
}

/** With a new session each time, so that nothing that was meant for another process or role is heard (I6). */
export function takeRole(parts: NodeParts, { whyNotWritable, ...hooks }: RoleHooks): RoleDriver {
  const { store, settings, diskFloor, snapshots } = parts
  const driver: DriverParts = { ...parts, ...hooks, session: parts.newSession(), publicUrl: settings.publicUrl }
  if (store.identity().role === "replica") {
    return { replica: new Replica({ ...driver, joining: settings.join, ownLeaseMs: settings.leaseMs, whyNoSpace: () => diskFloor.whyNoSpace(), fetchSnapshot: (of) => snapshots.fetch(of) }) }
  }
  const primary: Primary = primaryOf(parts, driver, (refusal) => writer.refuseQueued(refusal))
  const writer = new Writer({ ...parts, reader: store, log: primary, epoch: () => store.identity().epoch.number, whyNotWritable })
  return { primary, writer }
}

function primaryOf({ settings, notice, exitStuck }: NodeParts, driver: DriverParts, refuseQueued: (refusal: Refusal) => void): Primary {
  return new Primary({
    ...driver,
    client: new PeerClient({ peerUrl: settings.peerUrl, secret: settings.secret, timeoutMs: settings.peerTimeoutMs }),
    timing: {
      heartbeatMs: bounds.heartbeatMs,
      peerTimeoutMs: settings.peerTimeoutMs,
      syncTimeoutMs: settings.syncTimeoutMs,
      leaseMs: settings.leaseMs,
    },
    stuck: (reason) => {
      notice(`stuck: ${reason}`)
      if (settings.whenStuck === "exit") exitStuck(reason)
      // After those under way have been told, which may put their retries into the queue.
      queueMicrotask(() => refuseQueued(refuse("unavailable", `This node is stuck: ${reason}.`, { retryAfter: 1 })))
    },
  })
}
