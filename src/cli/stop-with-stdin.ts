// Ties a node to who started it: when standard input ends, which it also does when the starter is killed, the node
// stops as it does on SIGTERM. So a pair under `tandem dev` never outlives it.

export function stopWhenInputEnds(): void {
  const stop = () => process.kill(process.pid, "SIGTERM")
  process.stdin.once("end", stop)
  process.stdin.once("error", stop)
  process.stdin.resume()
}
