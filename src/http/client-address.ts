// From which address a request comes, as far as counting by address needs it: the socket's peer, or what a proxy says in the
// one header that the settings name. Nothing that a client can send is believed otherwise.
import { isIPv4, isIPv6 } from "node:net"

/** An IPv4 address, or the /64 of an IPv6 one, of which a single client has more than can be counted; undefined where it is neither. */
export function countedAddress(text: string): string | undefined {
  const address = text.trim().toLowerCase()
  if (isIPv4(address)) return address
  const [plain = ""] = address.split("%")
  if (!isIPv6(plain)) return undefined
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1]
  return mapped ?? `${groupsOf(plain).slice(0, 4).join(":")}::/64`
}

/** Of several in the header the last, which the proxy itself has added. Where there is none that is one, the peer's. */
export function clientAddress(peer: string | undefined, header: string | null): string | undefined {
  const told = header === null ? undefined : countedAddress(header.slice(header.lastIndexOf(",") + 1))
  return told ?? (peer === undefined ? undefined : countedAddress(peer))
}

/** The eight groups, without leading zeros. The last 32 bits may be written as IPv4; nobody looks at those. */
function groupsOf(address: string): string[] {
  const [head = "", tail] = address.replace(/\d+\.\d+\.\d+\.\d+$/, "0:0").split("::")
  const before = head === "" ? [] : head.split(":")
  const after = tail === undefined || tail === "" ? [] : tail.split(":")
  const between = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => "0")
  return [...before, ...between, ...after].map((group) => Number.parseInt(group, 16).toString(16))
}
