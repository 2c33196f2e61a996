// What a node has to do with whole copies: it gives one to the other node where that asks for it, and fetches one where only that helps.
// Once the pair is in sync, what was kept for either is removed.
import { rmSync } from "node:fs"
import { join } from "node:path"
import type { FetchSnapshot } from "../protocol/effect.ts"
import type { Epoch } from "../protocol/epoch.ts"
import type { Answer, Envelope, SnapshotRequest } from "../protocol/messages.ts"
import { type Questioned, questionEnvelope, whyUnasked } from "../protocol/question.ts"
import { whyNotGiven } from "../protocol/snapshot.ts"
import { failpoint } from "../runtime/failpoint.ts"
import type { Reader } from "../store/store.ts"
import { FetchCancelled, FetchFailed, type FetchProgress, replacedName, SnapshotFetch, type SnapshotFetchParts } from "./snapshot-fetch.ts"
import { SnapshotHolder, type SnapshotHolderParts } from "./snapshot-holder.ts"
import { SnapshotPlace } from "./snapshot-place.ts"

export interface SnapshotsParts extends SnapshotHolderParts, Omit<SnapshotFetchParts, "cluster" | "epoch" | "identity" | "session"> {
  /** Of what a copy takes the place of. */
  readonly reader: SnapshotHolderParts["reader"] & Pick<Reader, "identity" | "position">
  /** Ends the process, which has to start anew: on the copy, or to try again. */
  readonly restart: (sentence: string) => void
  readonly fatal: (error: unknown) => void
}

/** What a reign has acknowledged, its primary has. Of an earlier one this node may have what was lost there, and nobody can tell: the log that would is trimmed. */
function keptName(reader: SnapshotsParts["reader"], primary: Epoch): string {
  const { epoch } = reader.identity()
  const { head } = reader.position()
  return head === 0 || epoch.id === primary.id ? replacedName : `replaced-epoch-${epoch.number}-version-${head}.mdb`
}

export class Snapshots {
  readonly #parts: SnapshotsParts
  readonly #holder: SnapshotHolder
  #fetch: SnapshotFetch | undefined
  #tidied = false

  constructor(parts: SnapshotsParts) {
    this.#parts = parts
    this.#holder = new SnapshotHolder(parts)
  }

  /** Null where nothing is fetched. */
  get fetching(): FetchProgress | null {
    return this.#fetch?.progress ?? null
  }

  async answer(asked: Questioned, envelope: Envelope, request: SnapshotRequest): Promise<{ readonly envelope: Envelope; readonly answer: Answer }> {
    const reply: Envelope = { ...questionEnvelope(asked, envelope.sentAtMs), peerSession: envelope.session }
    const why = whyUnasked(asked, envelope) ?? this.#whyNotGiven(asked)
    const given = why ?? (request.kind === "snapshot-manifest" ? this.#holder.manifest() : await this.#holder.chunk(request.id, request.index))
    return { envelope: reply, answer: "code" in given ? { kind: "refused", of: request.kind, ...given } : given }
  }

  #whyNotGiven(asked: Questioned): { readonly code: "no-copy"; readonly detail: string } | undefined {
    const detail = this.#fetch === undefined ? whyNotGiven(asked) : "this node fetches one itself"
    return detail === undefined ? undefined : { code: "no-copy", detail }
  }

  /** As the replica that it is, with what only the primary has: begins to fetch, unless it does so already. */
  fetch({ cluster, epoch }: Pick<FetchSnapshot, "cluster" | "epoch">): void {
    if (this.#fetch !== undefined) return
    const { restart, fatal, newId, reader } = this.#parts
    const fetch = new SnapshotFetch({ ...this.#parts, cluster, epoch, keptAs: keptName(reader, epoch), session: newId(), identity: { role: "replica", mode: "paired", lacking: true, decisions: [] } })
    this.#fetch = fetch
    fetch.run().then(
      (version) => restart(`the copy of version ${version} is in place. Start this node again: then it syncs with its primary`),
      (error: unknown) => {
        this.#fetch = undefined
        if (error instanceof FetchCancelled) return
        if (error instanceof FetchFailed) restart(`no copy of the primary's data could be fetched: ${error.message}. Start this node again to try again`)
        else fatal(error)
      },
    )
  }

  /** This node is to be the primary: what it has stays in its place. */
  cancelFetch(): void {
    this.#fetch?.cancel()
  }

  /** Called often. */
  tick(inSync: boolean): void {
    this.#holder.tick(inSync)
    if (!inSync || this.#tidied) return
    this.#tidied = true
    const { dataDirectory } = this.#parts
    new SnapshotPlace(dataDirectory, "fetching").remove()
    rmSync(join(dataDirectory, replacedName), { force: true })
    failpoint("snapshot.replaced.after")
  }
}
