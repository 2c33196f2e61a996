// Password hashing that takes no time, for tests that are not about hashing. Must never be used outside of tests.
import type { Passwords } from "../../src/operations/passwords.ts"

export const quickPasswords: Passwords = {
  hash: async (password) => `quick:${password}`,
  verify: async (password, phc) => phc === `quick:${password}` || phc === `slow:${password}`,
  isOutdated: (phc) => phc.startsWith("slow:"),
}
