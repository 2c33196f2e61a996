// Crashes at chosen places of a run: exactly before or after the n-th effect of a node, counted from the start.
import type { NodeName } from "./disk.ts"

export interface CrashPoint {
  readonly node: NodeName
  readonly effect: number
  readonly when: "before" | "after"
  /** What becomes of a write that the disk has not finished. */
  readonly writing: Writing
}

export type Writing = "lost" | "done"

/** `a:12:before:lost` */
export function crashPointText({ node, effect, when, writing }: CrashPoint): string {
  return `${node}:${effect}:${when}:${writing}`
}

export function crashPointFrom(text: string): CrashPoint {
  const [, node, effect, when, writing] = /^([ab]):(\d+):(before|after):(lost|done)$/.exec(text) ?? []
  if (node === undefined) throw new Error(`${text} is no crash: say a:12:before:lost, that is node, effect, before or after, and a write that is lost or done`)
  return { node: node === "a" ? "a" : "b", effect: Number(effect), when: when === "after" ? "after" : "before", writing: writing === "done" ? "done" : "lost" }
}
