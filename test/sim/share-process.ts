// A process that tries its share of a job, and tells its parent how it goes. Started by shares.ts only.
import { type Share, tryShare } from "./shares.ts"

process.on("message", async (share: Share) => {
  const outcome = await tryShare(share, (totals) => process.send?.({ totals }))
  process.send?.({ outcome })
})
process.on("disconnect", () => process.exit())
