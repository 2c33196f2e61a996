// Whether every value that the fields of one definition take is taken by those of another: then nothing that is there needs to be
// looked at. Says no where it is not plain.
import { type Field, type Fields, isIndexed, stampFields } from "./definition.ts"

export function isWidening(before: Fields | null, after: Fields | null): boolean {
  if (after === null) return true
  if (before === null) return false
  const kept = Object.entries(before).every(([name, field]) => stampFields.includes(name) || takesAll(field, after[name]))
  return kept && Object.entries(after).every(([name, field]) => before[name] !== undefined || field.required !== true)
}

function takesAll(before: Field, after: Field | undefined): boolean {
  if (after === undefined) return false
  if (after.type !== before.type && !(before.type === "integer" && after.type === "number")) return false
  if (after.required === true && before.required !== true) return false
  if (after.unique === true && before.unique !== true) return false
  if (after.to !== before.to) return false
  // What is in an index is bounded in length.
  if (after.type === "string" && isIndexed(after) && !isIndexed(before)) return false
  if (after.enum !== undefined && before.enum?.every((value) => after.enum?.includes(value)) !== true) return false
  if (!isLooser(after.min, before.min, fromBelow) || !isLooser(after.minLength, before.minLength, fromBelow)) return false
  return isLooser(after.max, before.max, fromAbove) && isLooser(after.maxLength, before.maxLength, fromAbove)
}

const fromBelow = (now: number, then: number) => now <= then
const fromAbove = (now: number, then: number) => now >= then

/** Of a bound that is there or not. */
function isLooser(now: number | undefined, then: number | undefined, allows: (now: number, then: number) => boolean): boolean {
  return now === undefined || (then !== undefined && allows(now, then))
}
