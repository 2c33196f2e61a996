// argon2id, as a PHC string: through node:crypto under Bun, through WebCrypto under Deno. Both give the same hashes.
import * as crypto from "node:crypto"
import { deno } from "./platform.ts"

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

/** Throws where `phc` is no argon2id hash. */
export async function verifyPasswordHash(password: string, phc: string): Promise<boolean> {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(phc)
  if (parts === null) throw new Error("a stored password hash is of an unknown kind")
  const [, memory, passes, parallelism, salt = "", hash = ""] = parts
  const stored = Buffer.from(hash, "base64")
  const asked = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  const computed = await argon2id(password, Buffer.from(salt, "base64"), asked, stored.length)
  return crypto.timingSafeEqual(computed, stored)
}

async function argon2id(password: string, salt: Uint8Array, { memory, passes, parallelism }: Parameters, bytes: number): Promise<Uint8Array> {
  const message = Buffer.from(password.normalize("NFKC"), "utf8")
  if (deno === undefined) {
    const options = { message, nonce: salt, parallelism, tagLength: bytes, memory, passes }
    return new Promise((resolve, reject) => {
      crypto.argon2("argon2id", options, (error, hash) => (error ? reject(error) : resolve(hash)))
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
