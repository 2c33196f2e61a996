// A file as the body of an answer, a piece at a time as its reader takes it. Never holds more than a piece.
import { type FileHandle, open } from "node:fs/promises"

const pieceBytes = 256 * 1024

/** `done` is called once, when the file was read to its end or its reader has gone. */
export function fileStream(path: string, done: () => void): ReadableStream<Uint8Array> {
  let file: FileHandle | undefined
  const end = async (): Promise<void> => {
    await file?.close()
    done()
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        file ??= await open(path, "r")
        const { bytesRead, buffer } = await file.read({ buffer: new Uint8Array(pieceBytes) })
        if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead))
        await end()
        controller.close()
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  )
}
