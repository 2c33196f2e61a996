// Where a log is kept: a directory, or object storage whose key is in the environment.
import { describe, expect, test } from "bun:test"
import { logPlaceOf } from "../../src/cli/log-place-setting.ts"

const key = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "sekrit", AWS_REGION: "eu-1" }
const of = (text: string, variables: Readonly<Record<string, string>> = key, endpoint?: string) => logPlaceOf(text, endpoint, (name) => variables[name])

test("what is no URL is a directory", () => {
  for (const directory of ["/mnt/log", "log", "./s3:/x", "C:\\log"]) expect(of(directory, {})).toEqual({ kind: "directory", directory })
})

test("a bucket has a prefix or none, and its key, region and endpoint", () => {
  const storage = { bucket: "my-bucket", endpoint: undefined, region: "eu-1", accessKeyId: "AKIA", secretAccessKey: "sekrit", sessionToken: undefined }
  for (const [text, prefix] of [["s3://my-bucket", ""], ["s3://my-bucket/", ""], ["s3://my-bucket/a/b/", "a/b"]] as const) expect(of(text)).toEqual({ kind: "s3", storage, prefix })
  expect(of("s3://my-bucket", key, "https://s3.example.com")).toMatchObject({ storage: { endpoint: "https://s3.example.com" } })
})

test("a key of Tandem's own goes before that of AWS", () => {
  expect(of("s3://my-bucket", { ...key, S3_ACCESS_KEY_ID: "own", S3_SECRET_ACCESS_KEY: "own-secret", S3_SESSION_TOKEN: "t" })).toMatchObject({ storage: { accessKeyId: "own", secretAccessKey: "own-secret", sessionToken: "t" } })
})

describe("what is wrong is said, and no secret", () => {
  test.each([
    ["", key, undefined, "must be a directory"],
    ["https://my-bucket/x", key, undefined, "must be a directory, or s3://"],
    ["s3://", key, undefined, "must be a directory, or s3://"],
    ["s3://Bucket/x", key, undefined, "must be a directory, or s3://"],
    ["s3://my-bucket/a?b", key, undefined, "must be a directory, or s3://"],
    ["s3://my-bucket", {}, undefined, "AWS_ACCESS_KEY_ID"],
    ["s3://my-bucket", { ...key, AWS_SECRET_ACCESS_KEY: "" }, undefined, "AWS_SECRET_ACCESS_KEY"],
    ["s3://my-bucket", key, "ftp://x", "URL as its endpoint"],
  ] as const)("%p", (text, variables, endpoint, why) => {
    const place = of(text, variables as Readonly<Record<string, string>>, endpoint)
    expect(place).toEqual({ wrong: expect.stringContaining(why) })
    expect(JSON.stringify(place)).not.toContain("sekrit")
  })
})
