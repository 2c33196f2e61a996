// A small S3-compatible server: what `PUT`, `GET` and `ListObjectsV2` of path-style buckets do, and requests whose signature
// (AWS Signature Version 4) is wrong are refused. Written after Amazon's reference, for what Bun's client sends.
import { createHash, createHmac } from "node:crypto"

interface Refused {
  readonly status: number
  readonly code: string
}

export class S3Server {
  readonly bucket = "backups"
  readonly region = "eu-central-1"
  readonly accessKeyId = "AKIATANDEM"
  readonly secretAccessKey = "sekrit-key-of-the-bucket"
  readonly objects = new Map<string, Uint8Array>()
  /** Keys in one answer to a listing. */
  pageKeys = 1_000
  /** What is answered instead, while that is set. */
  failing: Refused | undefined
  readonly #server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => this.#answer(request) })

  get endpoint(): string {
    return `http://127.0.0.1:${this.#server.port}`
  }

  get environment(): Readonly<Record<string, string>> {
    return { AWS_ACCESS_KEY_ID: this.accessKeyId, AWS_SECRET_ACCESS_KEY: this.secretAccessKey, AWS_REGION: this.region }
  }

  async close(): Promise<void> {
    await this.#server.stop(true)
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const refused = this.failing ?? this.#whyNotSigned(request, url)
    if (refused !== undefined) return problem(refused)
    const [, bucket = "", ...path] = url.pathname.split("/")
    if (bucket !== this.bucket) return problem({ status: 404, code: "NoSuchBucket" })
    const key = decodeURIComponent(path.join("/"))
    if (request.method === "PUT" && key !== "") {
      const bytes = await request.bytes()
      if (bytes.length !== Number(request.headers.get("content-length"))) return problem({ status: 400, code: "IncompleteBody" })
      this.objects.set(key, bytes)
      return new Response(null, { headers: { etag: `"${createHash("md5").update(bytes).digest("hex")}"` } })
    }
    if (request.method === "GET" && key !== "") {
      const bytes = this.objects.get(key)
      return bytes === undefined ? problem({ status: 404, code: "NoSuchKey" }) : new Response(bytes as BodyInit)
    }
    if (request.method === "GET" && url.searchParams.get("list-type") === "2") return this.#list(url.searchParams)
    return problem({ status: 405, code: "MethodNotAllowed" })
  }

  #list(query: URLSearchParams): Response {
    const prefix = query.get("prefix") ?? ""
    const after = Buffer.from(query.get("continuation-token") ?? "", "base64").toString("utf8")
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
    const page = keys.slice(0, this.pageKeys)
    const isTruncated = page.length < keys.length
    const next = isTruncated ? `<NextContinuationToken>${Buffer.from(page.at(-1) ?? "").toString("base64")}</NextContinuationToken>` : ""
    const contents = page.map((key) => `<Contents><Key>${key}</Key><Size>${this.objects.get(key)?.length}</Size></Contents>`).join("")
    return xml(`<ListBucketResult><Name>${this.bucket}</Name><Prefix>${prefix}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>${this.pageKeys}</MaxKeys><IsTruncated>${isTruncated}</IsTruncated>${next}${contents}</ListBucketResult>`)
  }

  #whyNotSigned({ method, headers }: Request, url: URL): Refused | undefined {
    const authorization = headers.get("authorization") ?? ""
    const [, keyId, date, region, names = "", signature] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(authorization) ?? []
    if (keyId !== this.accessKeyId) return { status: 403, code: "InvalidAccessKeyId" }
    const at = headers.get("x-amz-date") ?? ""
    if (region !== this.region || !at.startsWith(date ?? "-") || !names.split(";").includes("host")) return { status: 400, code: "AuthorizationHeaderMalformed" }
    const query = [...url.searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort().join("&")
    const signed = names.split(";").map((name) => `${name}:${(headers.get(name) ?? "").trim()}\n`).join("")
    const asked = [method, url.pathname, query, signed, names, headers.get("x-amz-content-sha256") ?? ""].join("\n")
    const toSign = ["AWS4-HMAC-SHA256", at, `${date}/${region}/s3/aws4_request`, createHash("sha256").update(asked).digest("hex")].join("\n")
    const key = [date ?? "", region, "s3", "aws4_request"].reduce<Buffer>((before, part) => hmac(before, part), Buffer.from(`AWS4${this.secretAccessKey}`))
    return hmac(key, toSign).toString("hex") === signature ? undefined : { status: 403, code: "SignatureDoesNotMatch" }
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest()
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function problem({ status, code }: Refused): Response {
  return xml(`<Error><Code>${code}</Code><Message>no</Message></Error>`, status)
}

function xml(body: string, status = 200): Response {
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`, { status, headers: { "content-type": "application/xml" } })
}
