// All of some bytes into a file. A call may take less than it is given and say only how much: a disk that fills up does.
import type { FileHandle } from "node:fs/promises"

/** At `position`, or where the file is at. Rejects with the system's error. */
export async function writeWhole(file: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position === undefined ? null : position + written)
    if (bytesWritten === 0) throw new Error(`nothing was taken of ${bytes.length - written} bytes`)
    written += bytesWritten
  }
}
