// SHA-256 of a file, read a piece at a time, with turns for everything else between.
import { createHash } from "node:crypto"
import { open } from "node:fs/promises"

const pieceBytes = 1024 * 1024

export async function fileDigest(path: string): Promise<Buffer> {
  const hash = createHash("sha256")
  const file = await open(path, "r")
  try {
    for (const buffer = new Uint8Array(pieceBytes); ; ) {
      const { bytesRead } = await file.read({ buffer })
      if (bytesRead === 0) return hash.digest()
      hash.update(buffer.subarray(0, bytesRead))
    }
  } finally {
    await file.close()
  }
}
