// Something in the store that several clients use at the same time, and a model says what they may see of it.
import type { Hands } from "../hands.ts"
import type { Recorder } from "../recorder.ts"

export interface SharedObject {
  /** Operations that come before everything else. */
  readonly first?: readonly object[]
  /** One thing that a client does with it. */
  act(hands: Hands): Promise<void>
}

export type MakeObject = (recorder: Recorder, name: string) => SharedObject
