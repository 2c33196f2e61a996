// Everything a node is told when it starts, checked and in base units. cli/settings.ts makes it from flags and environment.
import type { Role } from "../store/store.ts"
import type { LogPlace } from "./log-place.ts"
import type { RetentionSettings } from "./retention-settings.ts"

export interface Address {
  readonly hostname: string
  /** 0 lets the system choose. */
  readonly port: number
}

export interface BackupSettings {
  readonly directory: string
  readonly everyMs: number
  /** How many of them are kept. */
  readonly keep: number
}

export interface NodeSettings {
  readonly nodeId: string
  readonly dataDirectory: string
  readonly listen: Address
  readonly peerListen: Address
  /** Peer listener of the other node. */
  readonly peerUrl: string
  /** URL under which clients reach this node, told to the peer so that it can point writers here. */
  readonly publicUrl: string
  /** For the very first start only. */
  readonly role: Role | undefined
  /** Lets an empty disk be filled from a primary that has data. */
  readonly join: boolean
  /** Shared by both nodes; at least 32 characters. */
  readonly secret: string
  readonly corsOrigins: readonly string[]
  /** The header in which a proxy in front of this node says the client's address. */
  readonly clientAddressHeader: string | undefined
  readonly whenStuck: "exit" | "serve-reads"
  readonly forwardWrites: boolean
  /** Lets a replica answer reads before its primary has synced with it in this session. */
  readonly staleReads: boolean
  readonly bodyBytesMax: number
  readonly syncTimeoutMs: number
  readonly leaseMs: number
  readonly peerTimeoutMs: number
  readonly watchdogMs: number
  readonly diskFloorBytes: number
  /** Backups that this node makes by itself. */
  readonly backup: BackupSettings | undefined
  /** Where the primary ships its log to; undefined where it does not. */
  readonly shipTo: LogPlace | undefined
  /** What a primary keeps of the past. */
  readonly retention: RetentionSettings
}
