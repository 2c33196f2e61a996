// What the nodes said earlier, to be heard again long after: restarted, rolled back or relinked since.
import type { Answer, Envelope, Request } from "../../src/protocol/messages.ts"
import type { Random } from "./random.ts"

export interface Message {
  readonly envelope: Envelope
  readonly request: Request
}

export interface AnswerMessage {
  readonly envelope: Envelope
  readonly answer: Answer
}

const countMax = 100

export class MessageBag {
  readonly #random: Random
  readonly #messages: Message[] = []
  readonly #answers: AnswerMessage[] = []

  constructor(random: Random) {
    this.#random = random
  }

  keep(message: Message): void {
    this.#put(this.#messages, message)
  }

  keepAnswer(answer: AnswerMessage): void {
    this.#put(this.#answers, answer)
  }

  #put<Kept>(all: Kept[], one: Kept): void {
    if (all.length < countMax) all.push(one)
    else all[this.#random.between(0, countMax - 1)] = one
  }

  pickAnswer(): AnswerMessage | undefined {
    return this.#answers.length === 0 ? undefined : this.#random.pick(this.#answers)
  }

  /** One of them, sometimes as a stranger would send it: of another cluster, a lower epoch, another protocol, of one name with the hearer. */
  pick(strangers: boolean): Message | undefined {
    if (this.#messages.length === 0) return undefined
    const { envelope, request } = this.#random.pick(this.#messages)
    switch (strangers ? this.#random.between(0, 9) : undefined) {
      case 0:
        return { envelope: { ...envelope, cluster: "another" }, request }
      case 1:
        return { envelope: { ...envelope, epoch: { number: 0, id: "earlier" } }, request }
      case 2:
        return { envelope: { ...envelope, protocol: envelope.protocol + 1 }, request }
      case 3:
        return { envelope: { ...envelope, node: "b" }, request }
      default:
        return { envelope, request }
    }
  }
}
