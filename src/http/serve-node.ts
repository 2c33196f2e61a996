// Starts a node with its two listeners, and stops it in order. The only place where all parts come together.
import { createHmac } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bounds } from "../bounds.ts"
import { Backups } from "../node/backups.ts"
import { PeerClient } from "../node/peer-client.ts"
import { Snapshots } from "../node/snapshots.ts"
import { DiskFloor } from "../node/disk-floor.ts"
import { rootKeyPrefix, TandemNode } from "../node/node.ts"
import type { NodeSettings } from "../node/settings.ts"
import { targetAt } from "../node/log-place.ts"
import { Shipper } from "../node/shipper.ts"
import { PasswordQueue } from "../operations/passwords.ts"
import { InvariantBroken } from "../protocol/invariant.ts"
import { soloWaitMs } from "../protocol/read-lease.ts"
import { RecordDamaged } from "../protocol/record.ts"
import { sentence } from "../refusal.ts"
import { monotonicMs, wallMs } from "../runtime/clock.ts"
import { freeBytes } from "../runtime/disk-space.ts"
import { environmentVariable, ignoreProxies } from "../runtime/environment.ts"
import { type ExitCode, exitCodes, fatal } from "../runtime/exit.ts"
import { failpoint, failpointVariable, whyNoFailpoint } from "../runtime/failpoint.ts"
import { lockFile } from "../runtime/file-lock.ts"
import { hashPassword, isOutdatedHash, verifyPasswordHash } from "../runtime/password-hash.ts"
import { sessionId } from "../runtime/random.ts"
import { type Listener, serve } from "../runtime/serve.ts"
import { startWatchdog } from "../runtime/watchdog.ts"
import { copyEnvironment } from "../store/copy.ts"
import { migrateFormat, NoRoomToMigrate } from "../store/format-migration.ts"
import { StoreDamaged } from "../store/store-damaged.ts"
import { openLmdbStore } from "../store/lmdb-store.ts"
import type { TableStore } from "../store/table-store.ts"
import { DiskError } from "../store/transact.ts"
import { verifyStore } from "../store/verify.ts"
import { createPeerApp } from "./peer-app.ts"
import { createPublicApp } from "./public-app.ts"
import { nameOf, placesOf } from "./unexpected.ts"

export interface ServeHooks {
  readonly onReady?: (urls: { readonly publicUrl: string; readonly peerUrl: string }) => void
}

/** Runs until SIGTERM or SIGINT has drained it, and gives the exit code. What must not go on ends the process itself. */
export async function serveNode(settings: NodeSettings, hooks: ServeHooks = {}): Promise<ExitCode> {
  process.on("uncaughtException", endOn)
  process.on("unhandledRejection", endOn)
  // From the beginning: a node that is told to stop while it starts stops in order, too.
  const told = signalled()
  process.umask(0o077)
  ignoreProxies()
  if (environmentVariable("NODE_TLS_REJECT_UNAUTHORIZED") !== undefined) {
    fatal(exitCodes.settings, "NODE_TLS_REJECT_UNAUTHORIZED is set: it would let anybody pose as the peer; unset it")
  }
  const noFailpoint = whyNoFailpoint(environmentVariable(failpointVariable))
  if (noFailpoint !== undefined) fatal(exitCodes.settings, `${failpointVariable}: ${noFailpoint}`)
  const { dataDirectory } = settings
  await claim(dataDirectory)
  // Before the store: a disk that does not answer may hang its opening.
  const watchdog = startWatchdog(settings.watchdogMs)
  const store = await openStore(settings)
  const notice = (line: string): void => void process.stderr.write(`tandem ${settings.nodeId}: ${line}\n`)
  const soloAfterMs = soloWaitMs(settings)
  if (settings.whenStuck === "exit" && soloAfterMs >= settings.syncTimeoutMs) {
    notice(`as a primary without its replica this node ends after ${settings.syncTimeoutMs} ms (--sync-timeout), before the ${Math.ceil(soloAfterMs)} ms are over after which \`tandem solo on\` is possible (--lease, --peer-timeout): raise the first, or lower the others`)
  }
  const dataBytes = (): number => statSync(join(dataDirectory, "data.mdb")).size
  const backups = new Backups({ store, settings: settings.backup, dataDirectory, floorBytes: settings.diskFloorBytes, freeBytes, monotonicMs, wallMs, notice })
  const client = new PeerClient({ peerUrl: settings.peerUrl, secret: settings.secret, timeoutMs: settings.peerTimeoutMs })
  const node = new TandemNode({
    settings,
    store,
    backups,
    shipper: settings.shipTo === undefined ? undefined : new Shipper({ store, target: targetAt(settings.shipTo, settings.nodeId), monotonicMs, wallMs, notice, fatal: endOn }),
    rootKey: keepRootKey(settings),
    newSession: sessionId,
    monotonicMs,
    wallMs,
    diskFloor: new DiskFloor({
      node: settings.nodeId,
      floorBytes: settings.diskFloorBytes,
      checkMs: bounds.diskCheckMs,
      freeBytes: () => freeBytes(dataDirectory),
      monotonicMs,
      notice,
    }),
    dataBytes,
    notice,
    stop: (reason, detail, hint) => fatal(exitCodes[reason], `${detail}. ${sentence(hint)}`),
    fatal: endOn,
    snapshots: new Snapshots({
      reader: store,
      dataDirectory,
      nodeId: settings.nodeId,
      copyTo: (path) => copyEnvironment(store, path, { freeBytes, floorBytes: settings.diskFloorBytes }),
      ask: (envelope, request) => client.ask(envelope, request),
      newId: sessionId,
      chunkBytes: bounds.snapshotChunkBytes,
      freeBytes: () => freeBytes(dataDirectory),
      floorBytes: settings.diskFloorBytes,
      monotonicMs,
      notice,
      restart: (sentence) => fatal(exitCodes.stuck, sentence),
      fatal: endOn,
    }),
    exitStuck: (reason) => fatal(exitCodes.stuck, `stuck: ${reason}. Start it again: it then syncs with its peer before it serves`),
  })
  const listeners = listen(settings, node, store, backups)
  node.start()
  hooks.onReady?.({ publicUrl: settings.publicUrl, peerUrl: `http://${settings.peerListen.hostname}:${listeners.peer.port}` })

  await told
  // Who waits for changes waits elsewhere. Of the others: refused first, drained next, cut last, so who was accepted hears the outcome.
  listeners.endFeed()
  const endsAtMs = monotonicMs() + bounds.drainMs
  await node.drain(bounds.drainMs)
  const leftMs = Math.max(0, endsAtMs - monotonicMs())
  await Promise.all([listeners.public.stop(leftMs), listeners.peer.stop(leftMs)])
  node.stop()
  await store.flush()
  await store.close()
  watchdog.stop()
  return exitCodes.done
}

/** Makes the data directory and locks it, until the process ends. */
async function claim(dataDirectory: string): Promise<void> {
  try {
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
    if ((await lockFile(join(dataDirectory, "lock"))) !== undefined) return
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    fatal(code === "EIO" || code === "ENOSPC" ? exitCodes.disk : exitCodes.settings, `--data ${dataDirectory} cannot be used: ${message}`)
  }
  fatal(exitCodes.locked, `${dataDirectory} is used by another process${holderOf(dataDirectory)}; each node needs its own data directory`)
}

function holderOf(dataDirectory: string): string {
  const pid = readFileSync(join(dataDirectory, "lock"), "utf8").trim()
  return /^\d+$/.test(pid) ? ` (${pid})` : ""
}

/** A bug or a broken disk: never a reason to go on. */
function endOn(error: unknown): void {
  if (error instanceof DiskError) fatal(exitCodes.disk, `${error.message}. The next start recovers from what is on the disk`)
  if (error instanceof StoreDamaged) fatal(exitCodes.damaged, `${error.message}. The node has stopped rather than serve it: run \`tandem verify --data\` on it to see all of it, and \`tandem verify --repair-from-peer\` to put the other node's data in its place; or start empty with --join, a primary once the other node was promoted`)
  // The words of any other error may be a client's: only where it happened is said.
  const what = error instanceof InvariantBroken || error instanceof RecordDamaged ? error.message : nameOf(error)
  fatal(exitCodes.internal, `internal error, please report it: ${what}${placesOf(error)}`)
}

/** Of a disk that has never been in a pair. */
const noEpoch = { number: 0, id: "" }

async function openStore(settings: NodeSettings): Promise<TableStore> {
  const { dataDirectory, nodeId, role } = settings
  const isNew = !existsSync(join(dataDirectory, "data.mdb"))
  if (isNew && role === undefined && !settings.join) {
    fatal(exitCodes.settings, `${dataDirectory} is empty: say --role primary or --role replica at the very first start, or --join to fill it from a running primary`)
  }
  const first = { clusterId: undefined, nodeId, role: settings.join ? ("replica" as const) : (role ?? "replica"), epoch: noEpoch }
  try {
    await migrateFormat(dataDirectory, {
      notice: (line) => process.stderr.write(`tandem ${nodeId}: ${line}\n`),
      freeBytes: () => freeBytes(dataDirectory),
      reached: (place) => failpoint(`migrate.${place}`),
    })
    const store = openLmdbStore(dataDirectory, first)
    if (store.identity().nodeId !== nodeId) {
      fatal(exitCodes.foreign, `${dataDirectory} belongs to node ${store.identity().nodeId}, not ${nodeId}: check --node and --data`)
    }
    if (settings.join) await joinEmpty(store)
    const identity = store.identity()
    if (identity.role === "primary" && identity.clusterId === undefined) {
      await store.saveIdentity({ clusterId: sessionId(), epoch: { number: 1, id: sessionId() } })
    }
    if (!isNew && role !== undefined && role !== identity.role) {
      process.stderr.write(`tandem ${nodeId}: --role ${role} is ignored: this node is the ${identity.role}, and --role counts at the very first start only\n`)
    }
    return store
  } catch (error) {
    return endOnOpening(error)
  }
}

/** A primary that has nothing at all, and is told to join, lost its disk and was started once as it used to be: that start named a pair of its own. */
async function joinEmpty(store: TableStore): Promise<void> {
  if (store.identity().role !== "primary" || store.position().head > 0) return
  await store.saveIdentity({ clusterId: undefined, role: "replica", epoch: noEpoch, mode: "paired", decisions: [] })
}

function endOnOpening(error: unknown): never {
  if (error instanceof StoreDamaged) fatal(exitCodes.damaged, `${error.message}. Nothing was changed: \`tandem verify --repair-from-peer\` puts the other node's data in its place; or start empty with --join, a primary once the other node was promoted`)
  if (error instanceof DiskError || error instanceof NoRoomToMigrate) fatal(exitCodes.disk, error.message)
  throw error
}

/** Both nodes of a pair derive the same root key from their secret, so one key opens both; each keeps a copy to be read. */
function keepRootKey({ dataDirectory, secret }: NodeSettings): string {
  const key = `${rootKeyPrefix}${createHmac("sha256", secret).update("tandem root key").digest("base64url")}`
  const path = join(dataDirectory, "root.key")
  if (!existsSync(path) || readFileSync(path, "utf8").trim() !== key) writeFileSync(path, `${key}\n`, { mode: 0o600 })
  chmodSync(path, 0o600)
  return key
}

function listen(settings: NodeSettings, node: TandemNode, store: TableStore, backups: Backups): { readonly public: Listener; readonly peer: Listener; readonly endFeed: () => void } {
  const passwords = new PasswordQueue({ hashPassword, verifyPasswordHash, isOutdatedHash })
  const publicApp = createPublicApp({
    node,
    settings,
    passwords,
    backups,
    verifyStore: () => verifyStore(store, () => undefined),
  })
  const peerApp = createPeerApp(node, settings)
  try {
    return {
      public: serve({ ...settings.listen, idleTimeoutSeconds: bounds.idleConnectionSeconds, fetch: publicApp.fetch }),
      peer: serve({ ...settings.peerListen, idleTimeoutSeconds: bounds.idleConnectionSeconds, fetch: peerApp.fetch }),
      endFeed: publicApp.endFeed,
    }
  } catch (error) {
    return fatal(exitCodes.settings, `cannot listen on ${settings.listen.hostname}:${settings.listen.port} and ${settings.peerListen.hostname}:${settings.peerListen.port}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => resolve())
  })
}
