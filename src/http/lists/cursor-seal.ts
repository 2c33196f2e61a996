// Cursors in the hands of who may not see everything: a page may end at an entity that is not shown, and its id and value must not
// be read from the cursor. Both nodes share the secret, so a cursor of one goes on at the other. Cursors of API keys stay plain.
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from "node:crypto"

const tagBytes = 16

export class CursorSeal {
  readonly #cipherKey: Uint8Array
  readonly #tagKey: Uint8Array

  constructor(secret: string) {
    const keyFor = (use: string) => createHmac("sha256", secret).update(`tandem cursors: ${use}`).digest()
    this.#cipherKey = keyFor("cipher")
    this.#tagKey = keyFor("tag")
  }

  seal(cursor: string): string {
    const plain = Buffer.from(cursor, "base64url")
    const tag = this.#tagOf(plain)
    const cipher = createCipheriv("aes-256-ctr", this.#cipherKey, tag)
    return Buffer.concat([tag, cipher.update(plain), cipher.final()]).toString("base64url")
  }

  /** Empty, which is no cursor, where it was not sealed here. */
  open(text: string): string {
    const bytes = Buffer.from(text, "base64url")
    if (bytes.length <= tagBytes) return ""
    const tag = bytes.subarray(0, tagBytes)
    const decipher = createDecipheriv("aes-256-ctr", this.#cipherKey, tag)
    const plain = Buffer.concat([decipher.update(bytes.subarray(tagBytes)), decipher.final()])
    return timingSafeEqual(this.#tagOf(plain), tag) ? plain.toString("base64url") : ""
  }

  /** Of the text itself, so that it begins the cipher and proves it: equal cursors look equal, and others share nothing. */
  #tagOf(plain: Uint8Array): Uint8Array {
    return createHmac("sha256", this.#tagKey).update(plain).digest().subarray(0, tagBytes)
  }
}
