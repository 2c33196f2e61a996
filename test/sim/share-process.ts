// A process that tries its share of a job, and tells its parent how it goes. Started by shares.ts only.
import { type Share, tryShare } from "./shares.ts"

process.on("message", (share: Share) => {
  const outcome = tryShare(share, (totals) => process.send?.({ totals }))
  process.send?.({ outcome })
})
process.on("disconnect", () => process.exit())
