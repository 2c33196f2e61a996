// The refusal of what lies below the horizon.
import { type Refusal, refuse } from "../refusal.ts"

export function trimmed(version: number, oldestVersion: number, more: { readonly pointer?: string } = {}): Refusal {
  return refuse("trimmed", `Version ${version} is not kept any more; the oldest that is is ${oldestVersion}.`, { version, oldestVersion, ...more })
}
