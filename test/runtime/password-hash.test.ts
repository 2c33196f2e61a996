// Password hashes: argon2id in PHC strings, the same under both runtimes.
import { describe, expect, test } from "bun:test"
import { hashPassword, isOutdatedHash, verifyPasswordHash } from "../../src/runtime/password-hash.ts"
import { printedBy, type Runtime, runtimes } from "./program.ts"

const salt = Buffer.from("0123456789abcdef")
/** Made by the reference implementation: argon2-cffi, type ID, the parameters in it. */
const known = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gy5SuVm5Z7Vw7keB9se9p87QGcomaseB/S2U1OhTsM0"

function hashUnder(runtime: Runtime, password: string): Promise<string> {
  return printedBy(
    runtime,
    `import { hashPassword, verifyPasswordHash } from "src/runtime/password-hash.ts"
     const hash = await hashPassword(${JSON.stringify(password)}, new TextEncoder().encode("0123456789abcdef"))
     if (!(await verifyPasswordHash(${JSON.stringify(password)}, hash))) throw new Error("it does not verify")
     console.log(hash)`,
  )
}

describe("a password hash", () => {
  test.each(runtimes)("under %s is that of the reference implementation", async (runtime) => {
    expect(await hashUnder(runtime, "correct horse battery staple")).toBe(`${known}\n`)
  })

  test.each(["pässwörd ﬁ", "密码密码密码密码", "😀".repeat(128)])("of %p is the same under both runtimes", async (password) => {
    expect(await hashUnder("deno", password)).toBe(await hashUnder("bun", password))
  })

  test("takes 19 MiB, two passes and one lane at least", async () => {
    const [, memory = 0, passes = 0, lanes = 0] = (/m=(\d+),t=(\d+),p=(\d+)/.exec(await hashPassword("a password", salt)) ?? []).map(Number)
    expect(memory).toBeGreaterThanOrEqual(19 * 1024)
    expect(passes).toBeGreaterThanOrEqual(2)
    expect(lanes).toBeGreaterThanOrEqual(1)
  })

  test("has 32 bytes, its salt in it, and no padding", async () => {
    const [, kind, version, , shown = "", hash = ""] = (await hashPassword("a password", salt)).split("$")
    expect([kind, version]).toEqual(["argon2id", "v=19"])
    expect(Buffer.from(shown, "base64")).toEqual(salt)
    expect(Buffer.from(hash, "base64")).toHaveLength(32)
    expect(shown + hash).not.toContain("=")
  })

  test("does not depend on how the password was typed (NFKC)", async () => {
    const composed = await hashPassword("caf\u00e9 \ufb01ne", salt)
    expect(await hashPassword("cafe\u0301 fine", salt)).toBe(composed)
    expect(await verifyPasswordHash("cafe\u0301 \ufb01ne", composed)).toBe(true)
  })

  test("verifies the password, and no other", async () => {
    const hash = await hashPassword("a password", salt)
    expect(await verifyPasswordHash("a password", hash)).toBe(true)
    for (const other of ["A password", "a password ", "a passwor", ""]) expect(await verifyPasswordHash(other, hash)).toBe(false)
  })

  test("keeps verifying with the parameters that it was made with", async () => {
    const [, , , , shown = ""] = (await hashPassword("a password", salt)).split("$")
    const cheaper = `$argon2id$v=19$m=8,t=1,p=1$${shown}$${"A".repeat(43)}`
    expect(await verifyPasswordHash("a password", cheaper)).toBe(false)
  })

  const wrong = ["", "a password", "$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA", "$argon2id$v=16$m=19456,t=2,p=1$AAAA$AAAA", "$argon2id$v=19$m=19456,t=2$AAAA$AAAA", "$argon2id$v=19$m=19456,t=2,p=1$AAAA$", "$scrypt$ln=25,r=8,p=1$AAAA$AAAA", "$scrypt$ln=15,r=0,p=1$AAAA$AAAA", "$2b$12$AAAAAAAAAAAAAAAAAAAAAA", `${known}\n`, ` ${known}`]
  test.each(wrong)("that is none throws: %p", async (phc) => {
    await expect(verifyPasswordHash("a password", phc)).rejects.toThrow("a stored password hash is of an unknown kind")
  })

  const scrypt = "$scrypt$ln=15,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$9rcVF+DZ8uU77qz3H/v29+n2g8c877AOCRXSQvC/fs0"

  test.each(runtimes)("of another service, made by scrypt, is verified under %s", async (runtime) => {
    const program = `
      import { verifyPasswordHash } from "src/runtime/password-hash.ts"
      console.log(await verifyPasswordHash("correct horse battery staple", ${JSON.stringify(scrypt)}), await verifyPasswordHash("correct horse", ${JSON.stringify(scrypt)}))`
    expect(await printedBy(runtime, program)).toBe("true false\n")
  })

  test("is outdated where it is of another kind or takes less than those that are made today", async () => {
    const today = await hashPassword("a password", salt)
    expect([today, today.replace("m=19456", "m=65536"), today.replace("t=2", "t=3")].map(isOutdatedHash)).toEqual([false, false, false])
    expect([scrypt, today.replace("m=19456", "m=19455"), today.replace("t=2", "t=1"), "$2b$12$AAAA"].map(isOutdatedHash)).toEqual([true, true, true, true])
  })
})
