// What no test tries, or cannot: said in docs/PROOF.md.
export const notCovered: readonly string[] = [
  "Disks that lie about a sync, and write caches that lose it: what the operating system says is durable is taken to be so.",
  "Bytes that the disk changes within LMDB's own pages, between the entries: only what an entry holds has a checksum. What such damage hides is found by the full check, not by a read.",
  "Clocks whose rates differ by more than a tenth: leases rest on that.",
  "Two operators who decide against each other, and decisions that were forced: what they may cost is said when they are taken.",
  "A pair with more than two nodes: there is none.",
  "Other systems than Linux on x86-64, and other file systems than those of the machines that the runs were made on.",
]
