// npm run proof: writes docs/PROOF.md from what is recorded in docs/proof.
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Crashes, crashesFile } from "./crash-matrix.ts"
import { proof, type Run } from "./proof.ts"

const docs = join(import.meta.dirname, "../../docs")
export const proofFile = join(docs, "PROOF.md")

export function recordedProof(): string {
  const runsFile = join(docs, "proof/runs.jsonl")
  const lines = existsSync(runsFile) ? readFileSync(runsFile, "utf8").split("\n").filter((line) => line !== "") : []
  return proof(
    JSON.parse(readFileSync(crashesFile, "utf8")) as Crashes,
    lines.map((line) => JSON.parse(line) as Run),
  )
}

if (import.meta.main) writeFileSync(proofFile, recordedProof())
