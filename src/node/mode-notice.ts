// What an operator is told when a primary begins, or ends, to stand alone.
import type { Mode } from "../protocol/reign.ts"

export function modeNotice(mode: Mode): string {
  switch (mode) {
    case "paired":
      return "both nodes hold the same: from now on nothing is acknowledged before it is on both disks"
    case "alone":
      return "solo is off: this node answers reads, and takes writes again once a replica is in sync"
    case "solo":
      return "SOLO: from now on writes are acknowledged that are on this disk only"
    default:
      return mode satisfies never
  }
}
