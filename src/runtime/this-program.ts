// How to start this same program again: the executable itself, or the runtime with its script.

/** The command line up to where the arguments of `tandem` begin. */
export function thisProgram(): readonly string[] {
  const script = process.argv[1] ?? ""
  if (isInsideExecutable(script)) return [process.execPath]
  if ("Deno" in globalThis) return [process.execPath, "run", "--allow-all", "--quiet", script]
  return [process.execPath, script]
}

/** Bun shows the script of a compiled executable under a root that no disk has. */
function isInsideExecutable(script: string): boolean {
  return script.startsWith("/$bunfs/") || /^[A-Z]:[\\/]~BUN[\\/]/.test(script)
}
