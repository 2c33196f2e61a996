// The steps that every write comes by, on either node: where a process can be made to die.
import { failpoints } from "../../src/runtime/failpoint.ts"

export const writeSteps = failpoints.filter((name) => /^(primary|replica)\.(prepare|send-prepare|vote|vote-received|commit|send-commit|commit-confirmed|confirm-commit|acknowledge)(\.|$)/.test(name))
