// What the nodes said earlier, to be heard again long after: restarted, rolled back or relinked since.
import { type Answer, type Envelope, protocolVersion, type Request } from "../../src/protocol/messages.ts"
import type { NodeName } from "./disk.ts"
import type { Random } from "./random.ts"

export interface Message {
  readonly to: NodeName
  readonly envelope: Envelope
  readonly request: Request
}

export interface AnswerMessage {
  readonly to: NodeName
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
  pick(strangers: (to: NodeName) => boolean): Message | undefined {
    if (this.#messages.length === 0) return undefined
    const message = this.#random.pick(this.#messages)
    const { to, envelope } = message
    switch (strangers(to) ? this.#random.between(0, 9) : undefined) {
      case 0:
        return { ...message, envelope: { ...envelope, cluster: "another" } }
      case 1:
        return { ...message, envelope: { ...envelope, epoch: { number: 0, id: "earlier" } } }
      case 2:
        return { ...message, envelope: { ...envelope, protocol: protocolVersion + 1 } }
      case 3:
        return { ...message, envelope: { ...envelope, node: to } }
      default:
        return message
    }
  }
}
