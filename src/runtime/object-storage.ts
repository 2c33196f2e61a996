// S3-compatible object storage, by Bun's own client; Deno has none. An object is there whole or not at all.
import { bounds } from "../bounds.ts"
import { deno } from "./platform.ts"

export interface StoragePlace {
  readonly bucket: string
  /** `https://…`; undefined is that of AWS. */
  readonly endpoint: string | undefined
  readonly region: string | undefined
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | undefined
}

export interface ObjectStorage {
  /** Every key that begins so. */
  list(prefix: string): Promise<readonly string[]>
  read(key: string): Promise<Uint8Array>
  write(key: string, bytes: Uint8Array): Promise<void>
}

export const hasObjectStorage = deno === undefined

export function objectStorage(place: StoragePlace, timeoutMs: number = bounds.storageTimeoutMs): ObjectStorage {
  const client = new Bun.S3Client(Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined)))
  return {
    list: (prefix) => listAll(prefix, (options) => named(within(timeoutMs, client.list(options)))),
    read: (key) => named(within(timeoutMs, client.file(key).bytes())),
    write: async (key, bytes) => {
      await named(within(timeoutMs, client.write(key, bytes)))
    },
  }
}

async function listAll(prefix: string, list: (options: Bun.S3ListObjectsOptions) => Promise<Bun.S3ListObjectsResponse>): Promise<readonly string[]> {
  const keys: string[] = []
  for (let continuationToken: string | undefined; ; ) {
    const page = await list({ prefix, ...(continuationToken === undefined ? {} : { continuationToken }) })
    keys.push(...(page.contents ?? []).map(({ key }) => key))
    continuationToken = page.isTruncated === true ? page.nextContinuationToken : undefined
    if (continuationToken === undefined) return keys
  }
}

/** A storage that takes connections and never answers would be waited for for minutes: the client has no deadline. An object is written whole, so a late answer does no harm. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the object storage has not answered within ${ms / 1_000} s`)), ms)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Its errors say what went wrong in their code; their words are often none. */
async function named<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    throw new Error(typeof code === "string" ? `${code}: ${String(message)}` : String(message), { cause: error })
  }
}
