// Which address a request is counted by.
import { expect, test } from "bun:test"
import { clientAddress, countedAddress } from "../../src/http/client-address.ts"

test("an IPv4 address is counted as it is, also where it is written as IPv6", () => {
  for (const text of ["192.0.2.7", " 192.0.2.7 ", "::ffff:192.0.2.7", "::FFFF:192.0.2.7"]) expect(countedAddress(text)).toBe("192.0.2.7")
})

test("an IPv6 address is counted by its /64, however it is written", () => {
  const same = ["2001:db8:0:1::1", "2001:0DB8:0000:0001:ffff:ffff:ffff:ffff", "2001:db8:0:1:2:3:4:5", "2001:db8:0:1::", "2001:db8::1:0:0:192.0.2.7", "2001:db8:0:1::9%eth0"]
  expect(new Set(same.map(countedAddress))).toEqual(new Set(["2001:db8:0:1::/64"]))
  expect(countedAddress("2001:db8:0:2::1")).toBe("2001:db8:0:2::/64")
  expect(countedAddress("::1")).toBe("0:0:0:0::/64")
})

test("what is no address is none", () => {
  for (const text of ["", "unknown", "192.0.2", "1.2.3.4:80", "::g", "2001:db8::1::2", "[::1]", "x".repeat(10_000)]) expect(countedAddress(text)).toBeUndefined()
})

test("a header is believed where it is named, the last of several in it, and the peer where it says nothing", () => {
  expect(clientAddress("10.0.0.1", null)).toBe("10.0.0.1")
  expect(clientAddress("10.0.0.1", "192.0.2.7")).toBe("192.0.2.7")
  expect(clientAddress("10.0.0.1", "198.51.100.9, 192.0.2.7")).toBe("192.0.2.7")
  expect(clientAddress("10.0.0.1", "198.51.100.9, unknown")).toBe("10.0.0.1")
  expect(clientAddress(undefined, null)).toBeUndefined()
})
