// Builds the release before this one, for the tests of upgrades: dist/previous/<version>/tandem, from the commit that previous-release.json names.
// Built once; what is there is taken as it is. A release that is made writes its own commit into that file afterwards.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")
const { version, commit } = JSON.parse(readFileSync(join(import.meta.dirname, "previous-release.json"), "utf8")) as { readonly version: string; readonly commit: string }

/** The path of the executable, which is made where it is not there. */
export function previousRelease(): string {
  const directory = join(root, "dist", "previous", version)
  const executable = join(directory, "tandem")
  if (existsSync(executable)) return executable
  const place = mkdtempSync(join(tmpdir(), "tandem-previous-"))
  try {
    takeOut(place)
    install(place)
    run(process.execPath, [join(place, ".ci/build.ts")], place)
    mkdirSync(directory, { recursive: true })
    // Whole or not at all, also where two build it at the same time.
    run("cp", [join(place, "dist/tandem"), `${executable}.${process.pid}`], root)
    renameSync(`${executable}.${process.pid}`, executable)
  } finally {
    rmSync(place, { recursive: true })
  }
  return executable
}

function takeOut(place: string): void {
  if (spawnSync("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: root }).status !== 0) {
    // A clone without its history.
    const { status, stderr } = spawnSync("git", ["fetch", "--quiet", "--depth", "1", "origin", commit], { cwd: root, encoding: "utf8" })
    if (status !== 0) throw new Error(`its commit, ${commit}, is not in this clone, and cannot be fetched (${oneLine(stderr) || "there is no git"})`)
  }
  const archive = join(place, "release.tar")
  run("git", ["archive", "--format=tar", `--output=${archive}`, commit], root)
  run("tar", ["-xf", archive, "-C", place], place)
}

/** The same dependencies are those of this release. */
function install(place: string): void {
  const lockOf = (directory: string) => (JSON.parse(readFileSync(join(directory, "package-lock.json"), "utf8")) as { readonly packages: Record<string, unknown> }).packages
  const withoutRoot = (directory: string) => JSON.stringify(Object.entries(lockOf(directory)).filter(([name]) => name !== ""))
  if (withoutRoot(place) === withoutRoot(root)) symlinkSync(join(root, "node_modules"), join(place, "node_modules"))
  else run("npm", ["ci", "--no-audit", "--no-fund"], place)
}

function run(command: string, parameters: readonly string[], cwd: string): void {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { cwd, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
  if (error !== undefined) throw new Error(`${command} cannot be run (${error.message})`)
  if (status !== 0) throw new Error(`${command} ${parameters.join(" ")} ended with ${status}:\n${stdout}${stderr}`)
}

function oneLine(text: string | null): string {
  return (text ?? "").trim().replace(/\s*\n\s*/g, "; ")
}

if (import.meta.main) {
  try {
    console.log(previousRelease().slice(root.length + 1))
  } catch (error) {
    // What is wrong is the clone or the machine: where in this file it was found helps nobody.
    console.error(`Release ${version}, the one before this, cannot be built: ${error instanceof Error ? error.message : String(error)}. The tests of upgrades need it.`)
    process.exitCode = 1
  }
}
