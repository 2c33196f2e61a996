// Object storage keeps what it is given, lists all of it, and says what went wrong.
import { type AddressInfo, createServer } from "node:net"
import { afterAll, beforeEach, describe, expect, test } from "bun:test"
import { objectStorage, type StoragePlace } from "../../src/runtime/object-storage.ts"
import { S3Server } from "./s3-server.ts"

const server = new S3Server()
const place: StoragePlace = { bucket: server.bucket, endpoint: server.endpoint, region: server.region, accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey, sessionToken: undefined }

afterAll(() => server.close())
beforeEach(() => server.objects.clear())

test("what was written is read, and listed by what it begins with, however many answers that takes", async () => {
  const storage = objectStorage(place)
  server.pageKeys = 3
  const keys = Array.from({ length: 10 }, (_, n) => `log/tandem-${n}.segment`)
  for (const [n, key] of keys.entries()) await storage.write(key, new Uint8Array(n).fill(n))
  await storage.write("elsewhere/x", new Uint8Array(1))
  expect(await storage.list("log/tandem-")).toEqual(keys)
  expect(await storage.list("nowhere/")).toEqual([])
  for (const [n, key] of keys.entries()) expect(Uint8Array.from(await storage.read(key))).toEqual(new Uint8Array(n).fill(n))
})

test("5 MiB go there and back", async () => {
  const storage = objectStorage(place)
  const bytes = Uint8Array.from({ length: 5 * 1024 * 1024 }, (_, n) => n % 251)
  await storage.write("big", bytes)
  expect(Buffer.compare(await storage.read("big"), bytes)).toBe(0)
})

describe("it says what went wrong, without a secret, where", () => {
  test.each([
    ["there is no such object", place, "NoSuchKey"],
    ["there is no such bucket", { ...place, bucket: "none" }, "NoSuchBucket"],
    ["the key is not known", { ...place, accessKeyId: "AKIAOTHER" }, "InvalidAccessKeyId"],
    ["the secret is wrong", { ...place, secretAccessKey: "sekrit-key-of-another" }, "SignatureDoesNotMatch"],
    ["nobody listens", { ...place, endpoint: "http://127.0.0.1:1" }, "ConnectionRefused"],
  ] as const)("%s", async (_, other, code) => {
    const failed = await objectStorage(other).read("missing").then(() => "nothing", (error: Error) => error.message)
    expect(failed).toStartWith(code)
    expect(failed).not.toContain("sekrit")
  })
})

test("one that takes connections and never answers is given up after a while", async () => {
  const silent = createServer()
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve))
  try {
    const storage = objectStorage({ ...place, endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` }, 100)
    for (const ask of [() => storage.list("x"), () => storage.read("x"), () => storage.write("x", new Uint8Array(1))]) await expect(ask()).rejects.toThrow("the object storage has not answered within 0.1 s")
  } finally {
    silent.close()
  }
})
