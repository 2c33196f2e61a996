// Where a log is kept, as settings name it, and the target that it is.
import { objectStorage, type StoragePlace } from "../runtime/object-storage.ts"
import { directoryTarget, type ShipTarget } from "./ship-target.ts"

export type LogPlace =
  | { readonly kind: "directory"; readonly directory: string }
  | { readonly kind: "s3"; readonly storage: StoragePlace; /** Without a slash at its end; may be empty. */ readonly prefix: string }

export function targetAt(place: LogPlace, writer: string): ShipTarget {
  if (place.kind === "directory") return directoryTarget(place.directory, writer)
  const { storage, prefix } = place
  const objects = objectStorage(storage)
  const before = prefix === "" ? "" : `${prefix}/`
  return {
    shown: `s3://${storage.bucket}/${prefix}`,
    list: async (begin) => (await objects.list(`${before}${begin}`)).map((key) => key.slice(before.length)),
    read: (name) => objects.read(`${before}${name}`),
    write: (name, bytes) => objects.write(`${before}${name}`, bytes),
  }
}
