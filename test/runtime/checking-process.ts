// A process that has a copy checked, by this same script in place of `tandem`: the check is killed before it says anything.
import { checkCopy } from "../../src/runtime/check-copy.ts"

if (process.argv[2] === "verify") process.kill(process.pid, "SIGKILL")
else await checkCopy(process.argv[2] ?? "").catch((error: unknown) => console.log(String(error)))
