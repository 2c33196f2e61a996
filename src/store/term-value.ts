// The bytes of a value in the key of an index entry: a tag for the type, then the value so that the order of bytes is that of
// values. They never contain NUL, which ends them in a key. docs/FORMAT.md, "Index values"; a change here is a change of format.

/** Of a value that is not there. Before all others. */
export const nullValue: Uint8Array = Buffer.from([0x01])

export function booleanValue(value: boolean): Uint8Array {
  return Buffer.from([0x10, value ? 0x32 : 0x31])
}

/** Whole or not. JSON has no NaN and nothing infinite; -0 is 0. */
export function numberValue(value: number): Uint8Array {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no number of JSON`)
  double.setFloat64(0, value === 0 ? 0 : value)
  // In order: of what is negative all bits are turned, of what is not the sign alone.
  const turned = value < 0 ? 0xffffffff : 0
  const high = (double.getUint32(0) ^ (turned | 0x80000000)) >>> 0
  const low = (double.getUint32(4) ^ turned) >>> 0
  const bytes = Buffer.allocUnsafe(11)
  bytes[0] = 0x20
  // Seven bits to a byte, whose highest bit keeps it from being NUL.
  bytes[1] = 0x80 | (high >>> 31)
  for (let n = 0; n < 4; n++) bytes[2 + n] = 0x80 | (high >>> (24 - 7 * n))
  bytes[6] = 0x80 | ((high & 0x07) << 4) | (low >>> 28)
  for (let n = 0; n < 4; n++) bytes[7 + n] = 0x80 | (low >>> (21 - 7 * n))
  return bytes
}

const double = new DataView(new ArrayBuffer(8))

/** The caller has refused NUL. */
export function textValue(value: string): Uint8Array {
  return tagged(0x30, value)
}

/** A time as RFC 3339 in UTC with milliseconds, of a year with four digits: then the order of texts is that of times. */
export function timeValue(time: string): Uint8Array {
  return tagged(0x40, time)
}

function tagged(tag: number, text: string): Uint8Array {
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(text))
  bytes[0] = tag
  bytes.write(text, 1, "utf8")
  return bytes
}
