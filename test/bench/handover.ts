// npm run bench:handover [-- --times 20 --clients 8 --executable]: hands over back and forth while clients of src/client write, and how long
// none of them was answered each time. No client may see an error.
import { parseArgs } from "node:util"
import { createService } from "../../src/client/service.ts"
import { quantile } from "../cluster/logins.ts"
import { RealPair } from "../cluster/real-pair.ts"
import { print } from "./shown.ts"

const { values } = parseArgs({
  options: { times: { type: "string", default: "20" }, clients: { type: "string", default: "8" }, executable: { type: "boolean", default: false } },
})
const times = Number(values.times)
const program = values.executable ? "executable" : "bun"

/** When a write was answered, and how long it took. */
interface Answered {
  readonly atMs: number
  readonly tookMs: number
}

const pair = await RealPair.make({ primary: program, replica: program })
try {
  await pair.start()
  await measure()
} finally {
  await pair.remove()
}

async function measure(): Promise<void> {
  const answered: Answered[] = []
  const errors: string[] = []
  let isOver = false
  const clients = Array.from({ length: Number(values.clients) }, async (_, client) => {
    const service = createService({ url: pair.a.url, replicaUrl: pair.b.url, token: pair.a.rootKey })
    for (let n = 0; !isOver; n++) {
      const startedMs = performance.now()
      try {
        await service.createUser({ email: `${client}-${n}@example.com` })
      } catch (error) {
        errors.push(String(error))
      }
      const atMs = performance.now()
      answered.push({ atMs, tookMs: atMs - startedMs })
    }
  })
  await pause(500)
  const gaps: number[] = []
  const slowest: number[] = []
  const asked: number[] = []
  for (let n = 0; n < times; n++) {
    const fromMs = performance.now()
    const before = answered.length - 1
    const old = n % 2 === 0 ? pair.a : pair.b
    const answer = await old.decide("handover", { reason: "measured" })
    if (answer.status !== 200) throw new Error(`the hand-over was refused: ${JSON.stringify(answer.body)}`)
    asked.push(performance.now() - fromMs)
    await pair.inSync()
    await pause(1_500)
    const during = answered.slice(before)
    gaps.push(Math.max(...during.slice(1).map(({ atMs }, m) => atMs - (during[m]?.atMs ?? atMs))))
    slowest.push(Math.max(...during.map(({ tookMs }) => tookMs)))
  }
  isOver = true
  await Promise.all(clients)
  print(`${times} hand-overs under ${values.clients} clients on ${program}: ${answered.length} writes, ${errors.length} errors\n`)
  for (const error of new Set(errors)) print(`  ${error}\n`)
  print(`  no write was answered for ${described(gaps)}\n`)
  print(`  the slowest write took    ${described(slowest)}\n`)
  print(`  the hand-over itself took ${described(asked)}\n`)
  if (errors.length > 0) process.exitCode = 1
}

function described(ms: readonly number[]): string {
  const [least, middle, most9, most] = [0, 0.5, 0.9, 1].map((share) => quantile(ms, share).toFixed(0))
  return `${least} to ${most} ms, half of the times ${middle} or less, nine in ten ${most9} or less`
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
