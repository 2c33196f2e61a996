// What the filters of a list leave of one index: the values between two bounds. Pure, and knows nothing of types: the order of
// values is that of their bytes.
import { nullValue } from "../../store/term-value.ts"
import type { WalkBound } from "../../store/store.ts"

export const operators = ["gt", "gte", "lt", "lte"] as const
/** `is` stands for no suffix: `owner=1`. */
export type Operator = "is" | (typeof operators)[number]

export interface Span {
  /** As clients name it. */
  readonly field: string
  /** As rows name it. */
  readonly term: string
  /** Undefined is open, and takes in what has no value. */
  readonly from: WalkBound | undefined
  readonly to: WalkBound | undefined
}

/** What one filter leaves. What has no value fulfils none. */
export function spanOf(field: string, term: string, operator: Operator, value: Uint8Array): Span {
  const above = { value: nullValue, inclusive: false }
  const inclusive = { value, inclusive: true }
  const exclusive = { value, inclusive: false }
  switch (operator) {
    case "is":
      return { field, term, from: inclusive, to: inclusive }
    case "gt":
      return { field, term, from: exclusive, to: undefined }
    case "gte":
      return { field, term, from: inclusive, to: undefined }
    case "lt":
      return { field, term, from: above, to: exclusive }
    case "lte":
      return { field, term, from: above, to: inclusive }
    default:
      return operator satisfies never
  }
}

/** All of an index, entities without a value included. */
export function wholeSpan(field: string, term: string): Span {
  return { field, term, from: undefined, to: undefined }
}

/** Filters of one field together. */
export function narrowed(one: Span, other: Span): Span {
  return { ...one, from: stricter(one.from, other.from, 1), to: stricter(one.to, other.to, -1) }
}

function stricter(one: WalkBound | undefined, other: WalkBound | undefined, sign: number): WalkBound | undefined {
  if (one === undefined || other === undefined) return one ?? other
  const order = sign * Buffer.compare(one.value, other.value)
  if (order === 0) return one.inclusive ? other : one
  return order > 0 ? one : other
}

/** Whether it holds one value only. */
export function isPoint({ from, to }: Span): boolean {
  return from !== undefined && to !== undefined && from.inclusive && to.inclusive && Buffer.compare(from.value, to.value) === 0
}

/** Whether no value can be in it: `age.gt=5&age.lt=3`. */
export function isEmpty({ from, to }: Span): boolean {
  if (from === undefined || to === undefined) return false
  const order = Buffer.compare(from.value, to.value)
  return order > 0 || (order === 0 && !(from.inclusive && to.inclusive))
}

export function isWithin({ from, to }: Span, value: Uint8Array): boolean {
  return isOn(from, value, 1) && isOn(to, value, -1)
}

function isOn(bound: WalkBound | undefined, value: Uint8Array, sign: number): boolean {
  if (bound === undefined) return true
  const order = sign * Buffer.compare(value, bound.value)
  return order > 0 || (order === 0 && bound.inclusive)
}
