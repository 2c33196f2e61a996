// What it costs to find out who asks: the same document, which everybody may read, got without a token, with an API key and with a
// session's token, in turns on one core.
import type { RealPair } from "../cluster/real-pair.ts"
import { pin } from "./process-facts.ts"
import { wrk } from "./wrk.ts"

export async function authentication(pair: RealPair, { seconds, rounds }: { readonly seconds: number; readonly rounds: number }, print: (text: string) => void): Promise<void> {
  print("GET /{collection}/{id} on one core, 64 clients, by who asks\n")
  const define = { op: "collection.define", data: { name: "pages", access: { read: "public" } } }
  await pair.a.do({ operations: [define, { op: "document.create", data: { collection: "pages", id: "home", value: { title: "Welcome" } } }, { op: "user.create", data: { id: "reader", email: "reader@example.com" } }] })
  const { body } = await pair.a.do({ operations: [{ op: "key.create", data: { name: "bench", scopes: ["read"] } }, { op: "session.create", data: { userId: "reader" } }] })
  const { results } = body as unknown as { readonly results: readonly [{ readonly key: string }, { readonly token: string }] }
  pin(pair.a.pid, "0")
  pin(pair.b.pid, "1")
  const load = async (token: string | undefined) => {
    const { perSecond, failed } = await wrk({ url: `${pair.a.url}/pages/home`, pid: pair.a.pid, token, connections: 64, seconds, cores: "1" })
    if (failed > 0) throw new Error(`${failed} requests failed`)
    return perSecond
  }
  await load(undefined)
  const ratios: { readonly session: number; readonly key: number }[] = []
  for (let round = 1; round <= rounds; round++) {
    const [nobody, key, session] = [await load(undefined), await load(results[0].key), await load(results[1].token)]
    ratios.push({ session: session / key, key: key / nobody })
    print(`  round ${round}: without ${nobody.toFixed(0)}/s, key ${key.toFixed(0)}/s, session ${session.toFixed(0)}/s\n`)
  }
  print(`  a session has ${percent(ratios.map(({ session }) => session))} of a key's; to reach: 85 %\n`)
  print(`  a key has ${percent(ratios.map(({ key }) => key))} of what there is without; to reach: 90 %\n`)
  for (const { pid } of pair.nodes) pin(pid, "0,1")
}

/** The middle one. */
function percent(ratios: readonly number[]): string {
  const middle = [...ratios].sort((one, other) => one - other)[Math.floor(ratios.length / 2)] ?? 0
  return `${(100 * middle).toFixed(1)} %`
}
