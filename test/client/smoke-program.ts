// Runs the smoke as a program of its own, and prints what it saw as one line of JSON. Bundled first: Node cannot run it as it is.
import { smoke } from "./smoke.ts"

const [url = "", replicaUrl = "", token = "", name = ""] = process.argv.slice(2)
console.log(JSON.stringify(await smoke({ url, replicaUrl, token, name })))
