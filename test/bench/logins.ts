// What 200 clients that log in all the time cost the others: how long writes take beside them and without them, in one run.
import { Logins, quantile } from "../cluster/logins.ts"
import type { RealPair } from "../cluster/real-pair.ts"

export async function logins(pair: RealPair, print: (text: string) => void): Promise<void> {
  print("POST /do user.create, 8 clients, beside 200 that log in\n")
  const clients = await Logins.prepare(pair, 200)
  await clients.beside(0, 2_000)
  const [alone, beside] = [await clients.beside(0, 4_000), await clients.beside(200, 4_000)]
  const [before, after] = [quantile(alone.writeMs, 0.99), quantile(beside.writeMs, 0.99)]
  print(`  99 of 100 writes take ${before.toFixed(1)} ms without them, ${after.toFixed(1)} ms beside them (${(after / before).toFixed(1)} times); to reach: less than 100 ms\n`)
  print(`  ${beside.loginMs.length} logins took ${quantile(beside.loginMs, 0.5).toFixed(0)} ms in the middle\n`)
}
