// Where the program begins: `tandem`, whatever runtime runs it. Does nothing but run the command line.
import { runCommandLine } from "./src/cli/main.ts"
import { systemTerminal } from "./src/cli/terminal.ts"
import { reachLoopbackDirectly } from "./src/runtime/environment.ts"
import { exit, type ExitCode } from "./src/runtime/exit.ts"

reachLoopbackDirectly()
// A node that `tandem dev` ran may have ended with a code of its own; it is passed on as it is.
exit((await runCommandLine(process.argv.slice(2), systemTerminal())) as ExitCode)
