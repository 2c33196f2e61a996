// Many subscribers of the change feed in one process: each must get every version once and in order. Told a version on standard
// input, it prints a line once all of them have it. Looks at ids only, since it shares the machine with what is measured.
import { createInterface } from "node:readline"

const [url = "", token = "", count = "0", since = "0"] = process.argv.slice(2)
const { hostname, port } = new URL(url)
const request = `GET /changes?since=${since} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${token}\r\naccept: text/event-stream\r\n\r\n`
const marker = Buffer.from("\nid: ")
const newline = 0x0a

interface Subscriber {
  /** The newest version it has. */
  version: number
  /** What may be the beginning of an id. */
  rest: Buffer
  begun: boolean
}

const subscribers: Subscriber[] = []
let begun = 0
let behind = 0
let target = 0
let reached: () => void = () => undefined
let bytes = 0

function fail(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}

function take(subscriber: Subscriber, data: Buffer): void {
  bytes += data.length
  if (!subscriber.begun) begin(subscriber, data)
  const text = subscriber.rest.length === 0 ? data : Buffer.concat([subscriber.rest, data])
  let from = 0
  for (let at = text.indexOf(marker); at >= 0; at = text.indexOf(marker, from)) {
    const end = text.indexOf(newline, at + marker.length)
    if (end < 0) break
    const version = Number(text.toString("latin1", at + marker.length, end))
    if (version !== subscriber.version + 1) fail(`version ${version} came after ${subscriber.version}`)
    subscriber.version = version
    if (version === target && --behind === 0) reached()
    from = end
  }
  subscriber.rest = Buffer.from(text.subarray(Math.max(from, text.length - 24)))
}

function begin(subscriber: Subscriber, data: Buffer): void {
  if (!data.includes("200 OK")) fail(data.toString())
  subscriber.begun = true
  begun += 1
  if (begun === Number(count)) process.stdout.write("subscribed\n")
}

for (let n = 0; n < Number(count); n++) {
  const subscriber: Subscriber = { version: Number(since), rest: Buffer.alloc(0), begun: false }
  subscribers.push(subscriber)
  await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open: (socket) => void socket.write(request),
      data: (_, data) => take(subscriber, data),
      close: () => fail(`a subscriber was cut at version ${subscriber.version}`),
    },
  })
}

for await (const line of createInterface({ input: process.stdin })) {
  target = Number(line)
  behind = subscribers.filter(({ version }) => version < target).length
  if (behind > 0) await new Promise<void>((resolve) => { reached = resolve })
  process.stdout.write(`${target} ${bytes}\n`)
}
process.exit(0)
