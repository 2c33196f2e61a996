// The answers of one stream, in the order of its lines, however their outcomes come in. Bounded: who adds must first
// wait for room, which there is only as the client takes its answers.
import { bounds } from "../bounds.ts"

export interface Answered {
  /** One JSON line, with its end. */
  readonly text: string
  /** The stream ends after this one; what follows is not shown. */
  readonly last: boolean
}

interface Slot {
  readonly bytes: number
  answered: Answered | undefined
}

/** One batch on its way and one that waits: more would only fill memory, as each line takes several times its size there. */
const bytesMax = 2 * bounds.batchBytesMax

export class StreamAnswers {
  readonly #slots: Slot[] = []
  #first = 0
  #bytes = 0
  #closed = false
  #wakeReader: (() => void) | undefined
  #wakeWriter: (() => void) | undefined

  /** Resolves when another line of this size may be taken on; one that is larger than the bound goes alone. */
  async room(bytes: number): Promise<void> {
    while (!this.#closed && !this.#hasRoom(bytes)) await new Promise<void>((resolve) => { this.#wakeReader = resolve })
  }

  /** Takes the next place in the order. `answer` must not reject. */
  add(bytes: number, answer: Answered | Promise<Answered>): void {
    const slot: Slot = { bytes, answered: undefined }
    this.#slots.push(slot)
    this.#bytes += bytes
    if (!(answer instanceof Promise)) return this.#fill(slot, answer)
    void answer.then((answered) => this.#fill(slot, answered))
  }

  /** No line follows. */
  close(): void {
    this.#closed = true
    this.#wakeReader?.()
    this.#wakeWriter?.()
  }

  /** All answers that are next in order and there, waiting for at least one; undefined at the end. */
  async take(): Promise<string | undefined> {
    while (!this.#isNextThere()) {
      if (this.#closed && this.#count() === 0) return undefined
      await new Promise<void>((resolve) => { this.#wakeWriter = resolve })
    }
    let text = ""
    while (this.#isNextThere()) {
      const slot = this.#slots[this.#first]
      if (slot?.answered === undefined) break
      this.#first += 1
      this.#bytes -= slot.bytes
      text += slot.answered.text
      if (!slot.answered.last) continue
      this.#slots.length = 0
      this.#first = 0
      this.close()
      break
    }
    this.#forgetTaken()
    this.#wakeReader?.()
    return text
  }

  #fill(slot: Slot, answered: Answered): void {
    slot.answered = answered
    if (slot === this.#slots[this.#first]) this.#wakeWriter?.()
  }

  #isNextThere(): boolean {
    return this.#slots[this.#first]?.answered !== undefined
  }

  #hasRoom(bytes: number): boolean {
    return this.#count() === 0 || (this.#count() < bounds.streamInFlightMax && this.#bytes + bytes <= bytesMax)
  }

  #count(): number {
    return this.#slots.length - this.#first
  }

  /** In one go now and then: taking the first of an array each time would move all others. */
  #forgetTaken(): void {
    if (this.#first < bounds.streamInFlightMax) return
    this.#slots.splice(0, this.#first)
    this.#first = 0
  }
}
