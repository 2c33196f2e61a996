// Loads what needs the store's native code, and says what to do where that cannot be loaded. The executable carries it
// inside and unpacks it into the directory for temporary files, since the system loads code from files only.
import { exitCodes } from "../runtime/exit.ts"
import { CommandFailed } from "./command-failed.ts"
import type { Terminal } from "./terminal.ts"

export async function withAddon<T>(load: () => Promise<T>, terminal: Pick<Terminal, "variable">): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "AddonNotLoaded") throw error
    const place = terminal.variable("TMPDIR") || "/tmp"
    throw new CommandFailed(`${error.message}.`, {
      exitCode: exitCodes.settings,
      hint: `It is unpacked into ${place}: that has to be a directory where this user may write 4 MiB, and that is not mounted noexec. Choose another with TMPDIR.`,
    })
  }
}
