// argon2id, as a PHC string: through node:crypto under Bun, through WebCrypto under Deno. Both give the same hashes. What is
// stored may also be scrypt, which is only verified, never made.
import * as crypto from "node:crypto"
import { deno } from "./platform.ts"
import { lowerHashThreads } from "./thread-priority.ts"

const parameters = { memory: 19_456, passes: 2, parallelism: 1 } as const
const hashBytes = 32

interface Parameters {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

/** The PHC string of a password. NFKC, once and for ever, so that it does not matter how it was typed. */
export async function hashPassword(password: string, salt: Uint8Array): Promise<string> {
  const hash = await argon2id(password, salt, parameters, hashBytes)
  const { memory, passes, parallelism } = parameters
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(hash)}`
}

/** Throws where `phc` is no hash of a kind that is known here. */
export async function verifyPasswordHash(password: string, phc: string): Promise<boolean> {
  const stored = argon2idHash(phc) ?? scryptHash(phc)
  if (stored === undefined) throw new Error("a stored password hash is of an unknown kind")
  return crypto.timingSafeEqual(await stored.compute(password), stored.hash)
}

/** Whether a hash is weaker than `hashPassword` makes them, or of another kind. */
export function isOutdatedHash(phc: string): boolean {
  const stored = argon2idHash(phc)?.parameters
  return stored === undefined || stored.memory < parameters.memory || stored.passes < parameters.passes || stored.parallelism < parameters.parallelism
}

interface StoredHash {
  readonly hash: Uint8Array
  readonly compute: (password: string) => Promise<Uint8Array>
}

function argon2idHash(phc: string): (StoredHash & { readonly parameters: Parameters }) | undefined {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(phc)
  if (parts === null) return undefined
  const [, memory, passes, parallelism, salt = "", text = ""] = parts
  const hash = Buffer.from(text, "base64")
  const asked = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  return { hash, parameters: asked, compute: (password) => argon2id(password, Buffer.from(salt, "base64"), asked, hash.length) }
}

/** As other services have made them, with parameters that 256 MiB suffice for. */
function scryptHash(phc: string): StoredHash | undefined {
  const parts = /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(phc)
  if (parts === null) return undefined
  const [, ln, r, p, salt = "", text = ""] = parts
  const hash = Buffer.from(text, "base64")
  const options = { N: 2 ** Number(ln), r: Number(r), p: Number(p), maxmem: 2 * scryptBytesMax }
  if (128 * options.N * options.r > scryptBytesMax) return undefined
  return {
    hash,
    compute: (password) =>
      new Promise((resolve, reject) => {
        crypto.scrypt(messageOf(password), Buffer.from(salt, "base64"), hash.length, options, (error, key) => (error ? reject(error) : resolve(key)))
      }),
  }
}

const scryptBytesMax = 256 * 1024 * 1024

function messageOf(password: string): Buffer {
  return Buffer.from(password.normalize("NFKC"), "utf8")
}

async function argon2id(password: string, salt: Uint8Array, { memory, passes, parallelism }: Parameters, bytes: number): Promise<Uint8Array> {
  const message = messageOf(password)
  if (deno === undefined) {
    const options = { message, nonce: salt, parallelism, tagLength: bytes, memory, passes }
    return new Promise((resolve, reject) => {
      crypto.argon2("argon2id", options, (error, hash) => {
        lowerHashThreads()
        if (error) reject(error)
        else resolve(hash)
      })
    })
  }
  // Newer than the type declarations of either runtime.
  const subtle = globalThis.crypto.subtle as unknown as {
    importKey(format: string, key: Uint8Array, algorithm: string, extractable: boolean, usages: string[]): Promise<object>
    deriveBits(algorithm: object, key: object, bits: number): Promise<ArrayBuffer>
  }
  const key = await subtle.importKey("raw-secret", message, "Argon2id", false, ["deriveBits"])
  return new Uint8Array(await subtle.deriveBits({ name: "Argon2id", nonce: salt, parallelism, memory, passes }, key, bytes * 8))
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "")
}
