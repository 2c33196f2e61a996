// Runs the smoke in a page, and tells the page's own server what it saw, or how it failed.
import { smoke, type SmokeTarget } from "./smoke.ts"

async function report(): Promise<object> {
  try {
    const target = (await (await fetch("/target")).json()) as SmokeTarget
    return { saw: await smoke(target) }
  } catch (error) {
    return { failed: String(error) }
  }
}

await fetch("/report", { method: "POST", body: JSON.stringify(await report()) })
