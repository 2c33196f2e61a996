// Reads where a log is kept: a directory, or `s3://bucket/prefix` with its credentials from the environment, never from a flag.
import type { LogPlace } from "../node/log-place.ts"
import { hasObjectStorage } from "../runtime/object-storage.ts"
import { parseUrl } from "./addresses.ts"

/** The place, or why there is none. Never says a secret. */
export function logPlaceOf(text: string, endpoint: string | undefined, variable: (name: string) => string | undefined): LogPlace | { readonly wrong: string } {
  if (!/^[a-z0-9]+:\/\//i.test(text)) return text === "" ? { wrong: "must be a directory, or s3://bucket/prefix" } : { kind: "directory", directory: text }
  const [, bucket = "", path = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/[\w!.*'()/-]*)?$/.exec(text) ?? []
  if (bucket === "") return { wrong: `must be a directory, or s3://bucket/prefix, not "${text}"` }
  if (!hasObjectStorage) return { wrong: "may be s3:// under Bun and in the executable only: Deno has no client for it" }
  const given = (...names: readonly string[]): string | undefined => names.map(variable).find((value) => value !== undefined && value !== "")
  const accessKeyId = given("S3_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID")
  const secretAccessKey = given("S3_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")
  if (accessKeyId === undefined || secretAccessKey === undefined) return { wrong: "needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment" }
  if (endpoint !== undefined && parseUrl(endpoint) === undefined) return { wrong: `needs an http:// or https:// URL as its endpoint, not "${endpoint}"` }
  const storage = { bucket, endpoint, region: given("S3_REGION", "AWS_REGION"), accessKeyId, secretAccessKey, sessionToken: given("S3_SESSION_TOKEN", "AWS_SESSION_TOKEN") }
  return { kind: "s3", storage, prefix: path.replace(/^\/+|\/+$/g, "") }
}
