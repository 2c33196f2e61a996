// Where the program begins: `tandem`, whatever runtime runs it. Does nothing but run the command line.
import { runCommandLine } from "./src/cli/main.ts"
import { systemTerminal } from "./src/cli/terminal.ts"
import { exit } from "./src/runtime/exit.ts"

exit(await runCommandLine(process.argv.slice(2), systemTerminal()))
