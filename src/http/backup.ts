// GET /node/backup: a copy of this node's whole data, checked before the first byte of it leaves. It holds everything, hashed
// passwords too, so only for admins.
import * as v from "valibot"
import { isRefusal, refuse } from "../refusal.ts"
import { fileDigest } from "../runtime/file-digest.ts"
import { digestHeader, nameHeader } from "./backup-headers.ts"
import type { Exchange } from "./exchange.ts"
import { fileStream } from "./file-stream.ts"
import type { About } from "./route.ts"

export async function getBackup(exchange: Exchange): Promise<Response> {
  const query = exchange.query()
  if (isRefusal(query)) return exchange.problem(query)
  exchange.takesTime()
  const { backups } = exchange.shared
  let made: Awaited<ReturnType<typeof backups.temporary>>
  try {
    made = await backups.temporary()
  } catch (error) {
    return exchange.problem(refuse("unavailable", `No backup was made: ${error instanceof Error ? error.message : String(error)}.`, { retryAfter: 60 }))
  }
  const { path, version, bytes, name, remove } = made
  exchange.whenGone(remove)
  let digest: string
  try {
    digest = (await fileDigest(path)).toString("base64")
  } catch (error) {
    remove()
    throw error
  }
  const headers = { [digestHeader.name]: `sha-256=:${digest}:`, [nameHeader.name]: `attachment; filename="${name}"`, "content-length": String(bytes) }
  return exchange.fresh(fileStream(path, remove), version, headers, "application/octet-stream")
}

export const backupAbout: About = {
  name: "backUp",
  summary: "A copy of this node's whole data, checked; while writes go on.",
  details: "A data file as `tandem restore` takes it. It holds everything, hashes of passwords too. Takes as long as copying and checking it.",
  query: [],
  headers: [],
  answer: v.pipe(v.string(), v.description("The bytes of the file.")),
  answerType: "application/octet-stream",
  answerHeaders: [digestHeader, nameHeader],
  codes: [],
  example: { path: "/node/backup", answer: "" },
}
