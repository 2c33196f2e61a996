// When the next batch begins. A batch costs two messages and a sync on each disk, however many transactions it carries, and
// clients that were just answered are about to send again. So the next one waits for the answers of the last, and then a
// moment for those who heard them: never longer than half of what the last one took, and not at all once they are back.
import { bounds } from "../bounds.ts"

export class BatchPace {
  #begunAtMs = 0
  #expected = 0
  #untilMs = 0

  began(nowMs: number): void {
    this.#begunAtMs = nowMs
  }

  /** The clients of the last batch have their answers, while `waiting` others wait for the next one. */
  answered(clients: number, waiting: number, nowMs: number): void {
    this.#expected = Math.min(clients + waiting, bounds.batchCountMax)
    this.#untilMs = nowMs + Math.min(bounds.gatherMsMax, (nowMs - this.#begunAtMs) / 2)
  }

  /** How long the next batch should wait for more than the `waiting` there are; 0 to begin. */
  holdMs(waiting: number, nowMs: number): number {
    return waiting >= this.#expected ? 0 : Math.max(0, this.#untilMs - nowMs)
  }
}
