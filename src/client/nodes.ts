// The nodes a client knows, and which one a request goes to. Learns who the primary is from answers; never gives a token
// that was meant for https to http.

export class Nodes {
  readonly #url: string
  readonly #replicaUrl: string | undefined
  /** Who last answered a write. */
  #primaryUrl: string | undefined

  constructor(url: string, replicaUrl: string | undefined) {
    this.#url = origin(url)
    this.#replicaUrl = replicaUrl === undefined ? undefined : origin(replicaUrl)
  }

  /** In the order in which they are tried. Reads go to the replica first where there is one: it has what was acknowledged. */
  forRead(): readonly string[] {
    return distinct(this.#replicaUrl, this.#primaryUrl, this.#url)
  }

  forWrite(): readonly string[] {
    return distinct(this.#primaryUrl, this.#url, this.#replicaUrl)
  }

  /** `url`, as a node named it in its answer; undefined where it is not to be followed. */
  named(url: string | undefined, by: string): string | undefined {
    if (url === undefined || !/^https?:\/\//.test(url)) return undefined
    const named = origin(url)
    const isDowngrade = by.startsWith("https:") && named.startsWith("http:")
    return isDowngrade ? undefined : named
  }

  wrote(url: string): void {
    this.#primaryUrl = url
  }
}

function origin(url: string): string {
  return url.replace(/\/+$/, "")
}

function distinct(...urls: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(urls.filter((url) => url !== undefined))]
}
