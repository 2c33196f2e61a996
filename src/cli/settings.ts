// Makes a node's settings from flags, else `TANDEM_*` variables. Checks all of them and names every one that is wrong;
// must never print a secret.
import { readFileSync } from "node:fs"
import { bounds } from "../bounds.ts"
import type { LogPlace } from "../node/log-place.ts"
import type { Address, BackupSettings, NodeSettings } from "../node/settings.ts"
import type { Flags } from "./flags.ts"
import { logPlaceOf } from "./log-place-setting.ts"
import { parseDuration, parseSize } from "./quantity.ts"
import { parseKeep, parseKeepOf, retentionRule } from "./retention-setting.ts"
import { parseAddress, parseOrigin, parseUrl } from "./addresses.ts"

export interface WrongSetting {
  /** As the reader gave it: `--lease` or `TANDEM_LEASE`. */
  readonly name: string
  readonly why: string
}

export const secretLengthMin = 32

export function readSettings(
  flags: Flags,
  variable: (name: string) => string | undefined,
): { readonly settings: NodeSettings } | { readonly wrong: readonly WrongSetting[] } {
  const source = new SettingSource(flags, variable)
  const listen = source.parsed("listen", parseAddress, "127.0.0.1:4000", "must be host:port")
  const peerListen = source.parsed("peer-listen", parseAddress, "127.0.0.1:4001", "must be host:port")
  const settings: NodeSettings = {
    nodeId: source.parsed("node", parseNodeId, undefined, "must be 1 to 32 of a–z, 0–9 and hyphens, beginning with a letter"),
    dataDirectory: source.parsed("data", (text) => (text === "" ? undefined : text), undefined, "must be a directory"),
    listen,
    peerListen,
    peerUrl: source.parsed("peer", parseUrl, undefined, "must be the http:// or https:// URL of the other node's peer listener"),
    publicUrl: source.parsed("public-url", parseUrl, `http://${hostOf(listen)}:${listen.port}`, "must be an http:// or https:// URL"),
    role: source.optional("role", oneOf(["primary", "replica"]), "must be primary or replica"),
    join: source.flag("join"),
    secret: readSecret(source, variable),
    corsOrigins: source.list("cors-origin", parseOrigin, "must be an origin such as https://app.example, without a path"),
    clientAddressHeader: source.optional("client-address-header", parseHeaderName, "must be the name of a header, such as Fly-Client-IP"),
    whenStuck: source.parsed("when-stuck", oneOf(["exit", "serve-reads"]), "exit", "must be exit or serve-reads"),
    forwardWrites: source.flag("forward-writes"),
    staleReads: source.flag("stale-reads"),
    bodyBytesMax: source.size("max-body", bounds.bodyBytesMax, 1_024, bounds.streamLineBytesMax),
    syncTimeoutMs: source.duration("sync-timeout", bounds.syncTimeoutMs),
    leaseMs: source.duration("lease", bounds.leaseMs),
    peerTimeoutMs: source.duration("peer-timeout", bounds.peerTimeoutMs),
    watchdogMs: source.duration("watchdog", bounds.watchdogMs),
    retention: {
      keep: (source.optional("retention", parseKeep, retentionRule) ?? { keep: undefined }).keep,
      collections: new Map(source.words("retention-of", parseKeepOf, `must be <collection>=<what to keep>, and that ${retentionRule}`).map(({ collection, keep }) => [collection, keep])),
    },
    backup: backupOf(source),
    shipTo: shipToOf(source, variable),
    diskFloorBytes: source.size("disk-floor", bounds.diskFloorBytes, 0, Number.MAX_SAFE_INTEGER),
  }
  if (source.wrong.length === 0 && settings.join && settings.role === "primary") {
    source.fail("join", "goes with an empty disk that becomes a replica, not with --role primary: say --role replica")
  }
  if (source.wrong.length === 0 && listen.port !== 0 && listen.port === peerListen.port && listen.hostname === peerListen.hostname) {
    source.fail("peer-listen", "must differ from --listen")
  }
  return source.wrong.length === 0 ? { settings } : { wrong: source.wrong }
}

function backupOf(source: SettingSource): BackupSettings | undefined {
  const directory = source.given("backup-to")?.text
  const everyMs = source.duration("backup-every", bounds.backupEveryMs)
  const keep = source.parsed("backup-keep", parseCount, String(bounds.backupKeep), "must be a number, 1 or more")
  if (directory !== undefined) return { directory, everyMs, keep }
  for (const name of ["backup-every", "backup-keep"]) if (source.given(name) !== undefined) source.fail(name, "goes with --backup-to, the directory for backups")
  return undefined
}

function shipToOf(source: SettingSource, variable: (name: string) => string | undefined): LogPlace | undefined {
  const to = source.given("ship-to")?.text
  const endpoint = source.given("ship-endpoint")?.text
  const place = to === undefined ? undefined : logPlaceOf(to, endpoint, variable)
  if (place !== undefined && "wrong" in place) source.fail("ship-to", place.wrong)
  else if (endpoint !== undefined && place?.kind !== "s3") source.fail("ship-endpoint", "goes with --ship-to s3://bucket/prefix")
  else return place
  return undefined
}

function parseCount(text: string): number | undefined {
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined
}

/** Collects what is wrong and goes on, so that all of it can be told at once. */
class SettingSource {
  readonly wrong: WrongSetting[] = []
  readonly #flags: Flags
  readonly #variable: (name: string) => string | undefined

  constructor(flags: Flags, variable: (name: string) => string | undefined) {
    this.#flags = flags
    this.#variable = variable
  }

  given(name: string): { readonly text: string; readonly from: string } | undefined {
    const flag = this.#flags.text(name)
    if (flag !== undefined) return { text: flag, from: `--${name}` }
    const text = this.#variable(variableOf(name))
    return text === undefined || text === "" ? undefined : { text, from: variableOf(name) }
  }

  fail(name: string, why: string): void {
    this.wrong.push({ name: this.given(name)?.from ?? `--${name}`, why })
  }

  optional<T>(name: string, parse: (text: string) => T | undefined, why: string): T | undefined {
    const given = this.given(name)
    if (given === undefined) return undefined
    const value = parse(given.text)
    if (value === undefined) this.wrong.push({ name: given.from, why: `${why}, not "${given.text}"` })
    return value
  }

  /** Where it is wrong, the value returned is never used: `wrong` is not empty then. */
  parsed<T>(name: string, parse: (text: string) => T | undefined, fallback: string | undefined, why: string): T {
    if (this.given(name) !== undefined) return this.optional(name, parse, why) ?? (parse(fallback ?? "") as T)
    if (fallback === undefined) this.wrong.push({ name: `--${name}`, why: `is missing (or ${variableOf(name)}); it ${why}` })
    return parse(fallback ?? "") as T
  }

  flag(name: string): boolean {
    return this.optional(name, oneOf(["true", "false"]), "must be true or false") === "true"
  }

  list<T>(name: string, parse: (text: string) => T | undefined, why: string): readonly T[] {
    return this.#items(name, /,/, parse, why)
  }

  /** Like a list, of items that may have commas in them. */
  words<T>(name: string, parse: (text: string) => T | undefined, why: string): readonly T[] {
    return this.#items(name, /\s+/, parse, why)
  }

  #items<T>(name: string, separator: RegExp, parse: (text: string) => T | undefined, why: string): readonly T[] {
    const repeated = this.#flags.all(name)
    const from = repeated.length > 0 ? `--${name}` : variableOf(name)
    const texts = repeated.length > 0 ? repeated : [this.#variable(variableOf(name)) ?? ""]
    const items = texts.flatMap((text) => text.split(separator)).map((item) => item.trim()).filter((item) => item !== "")
    return items.flatMap((item) => {
      const value = parse(item)
      if (value === undefined) this.wrong.push({ name: from, why: `${why}, not "${item}"` })
      return value === undefined ? [] : [value]
    })
  }

  duration(name: string, fallbackMs: number): number {
    const value = this.optional(name, parseDuration, "must be a duration such as 500ms, 10s, 5m or 30d")
    if (value !== undefined && (value < 100 || value > 86_400_000)) this.fail(name, "must be between 100ms and 1d")
    return value ?? fallbackMs
  }

  size(name: string, fallbackBytes: number, min: number, max: number): number {
    const value = this.optional(name, parseSize, "must be a size such as 1MiB, or bytes")
    if (value !== undefined && (value < min || value > max)) this.fail(name, `must be between ${min} and ${max} bytes`)
    return value ?? fallbackBytes
  }
}

export function variableOf(name: string): string {
  return `TANDEM_${name.replaceAll("-", "_").toUpperCase()}`
}

function oneOf<const T extends string>(words: readonly T[]): (text: string) => T | undefined {
  return (text) => words.find((word) => word === text)
}

export function parseNodeId(text: string): string | undefined {
  return /^[a-z][a-z0-9-]{0,31}$/.test(text) ? text : undefined
}

function parseHeaderName(text: string): string | undefined {
  return /^[A-Za-z0-9-]{1,64}$/.test(text) ? text : undefined
}

function hostOf(address: Address | undefined): string {
  return address === undefined ? "127.0.0.1" : address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname
}

/** From a file, or from the variable TANDEM_SECRET. Never from a flag, which every process on the machine can see. */
function readSecret(source: SettingSource, variable: (name: string) => string | undefined): string {
  const file = source.given("secret-file")
  const direct = variable("TANDEM_SECRET")
  if (file === undefined && (direct === undefined || direct === "")) {
    source.fail("secret-file", `is missing (or TANDEM_SECRET): a file with any text of ${secretLengthMin} characters or more, the same on both nodes`)
    return ""
  }
  let text = direct ?? ""
  if (file !== undefined) {
    try {
      text = readFileSync(file.text, "utf8")
    } catch (error) {
      source.fail("secret-file", `cannot be read: ${error instanceof Error ? error.message : String(error)}`)
      return ""
    }
  }
  const secret = text.trim()
  if ([...secret].length < secretLengthMin) {
    const why = `must hold ${secretLengthMin} characters or more`
    if (file === undefined) source.wrong.push({ name: "TANDEM_SECRET", why })
    else source.fail("secret-file", why)
  }
  return secret
}
