// The answers of one stream: in the order of its lines, bounded, and ended by the one that says so.
import { expect, test } from "bun:test"
import { bounds } from "../../src/bounds.ts"
import { StreamAnswers } from "../../src/http/stream-answers.ts"

const answer = (text: string, last = false) => ({ text, last })

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  void promise.then(() => (settled = true))
  await turn()
  return settled
}

test("come in the order of their lines, however their outcomes do, and those that are there at once", async () => {
  const answers = new StreamAnswers()
  const settle: ((text: string) => void)[] = []
  for (let n = 0; n < 3; n++) answers.add(1, new Promise((resolve) => settle.push((text) => resolve(answer(text)))))
  const first = answers.take()
  settle[2]?.("c")
  settle[1]?.("b")
  expect(await isSettled(first)).toBe(false)
  settle[0]?.("a")
  expect(await first).toStartWith("a")
  answers.close()
  let rest = ""
  for (let text = await answers.take(); text !== undefined; text = await answers.take()) rest += text
  expect(`${await first}${rest}`).toBe("abc")
})

test("end with the last one; what comes after it is not shown", async () => {
  const answers = new StreamAnswers()
  answers.add(1, answer("a"))
  answers.add(1, answer("b", true))
  answers.add(1, answer("c"))
  expect(await answers.take()).toBe("ab")
  expect(await answers.take()).toBeUndefined()
})

test("end once they are closed and taken", async () => {
  const answers = new StreamAnswers()
  answers.add(1, answer("a"))
  answers.close()
  expect([await answers.take(), await answers.take()]).toEqual(["a", undefined])
  const waiting = new StreamAnswers()
  const taken = waiting.take()
  waiting.close()
  expect(await taken).toBeUndefined()
})

test("have room for so many lines and bytes, and more only as they are taken", async () => {
  const answers = new StreamAnswers()
  for (let n = 0; n < bounds.streamInFlightMax; n++) {
    expect(await isSettled(answers.room(1))).toBe(true)
    answers.add(1, answer(`${n},`))
  }
  const room = answers.room(1)
  expect(await isSettled(room)).toBe(false)
  await answers.take()
  expect(await isSettled(room)).toBe(true)
})

test("let a line through that is larger than all the room there is, but alone", async () => {
  const answers = new StreamAnswers()
  const huge = bounds.queueBytesMax
  expect(await isSettled(answers.room(huge))).toBe(true)
  answers.add(huge, answer("huge"))
  const room = answers.room(1)
  expect(await isSettled(room)).toBe(false)
  await answers.take()
  expect(await isSettled(room)).toBe(true)
})

test("let nobody wait for room once they are closed", async () => {
  const answers = new StreamAnswers()
  answers.add(bounds.queueBytesMax, new Promise(() => undefined))
  const room = answers.room(1)
  answers.close()
  expect(await isSettled(room)).toBe(true)
})

test("keep their order over many more than are kept at a time", async () => {
  const answers = new StreamAnswers()
  const count = 5 * bounds.streamInFlightMax
  const filling = (async () => {
    for (let n = 0; n < count; n++) {
      await answers.room(1)
      answers.add(1, n % 3 === 0 ? Promise.resolve(answer(`${n},`)) : answer(`${n},`))
    }
    answers.close()
  })()
  let all = ""
  for (let text = await answers.take(); text !== undefined; text = await answers.take()) all += text
  await filling
  expect(all).toBe(Array.from({ length: count }, (_, n) => `${n},`).join(""))
})
