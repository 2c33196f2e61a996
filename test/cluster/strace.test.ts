// How a trace is read, line by line.
import { describe, expect, test } from "bun:test"
import { parseTrace } from "./strace.ts"

describe("a trace", () => {
  test("gives each call its beginning and its end", () => {
    const [call] = parseTrace('7 100.5 fdatasync(9</data/data.mdb>) = 0 <0.25>\n')
    expect(call).toEqual({ pid: 7, name: "fdatasync", arguments: "9</data/data.mdb>", result: 0, beginS: 100.5, endS: 100.75 })
  })

  test("has a call end before the next one begins, whatever its clocks say", () => {
    const [one, other] = parseTrace("7 1.0 pwrite64(9</data.mdb>) = 1 <0.100001>\n7 1.1 fdatasync(9</data.mdb>) = 0 <0.1>\n")
    expect(one?.endS).toBe(1.1)
    expect(other?.endS).toBeCloseTo(1.2)
  })

  test("joins a call that another thread's call interrupted", () => {
    const text = ['7 1.0 fdatasync(9</data.mdb> <unfinished ...>', '8 1.1 write(4<eventfd>, "\\1", 8) = 8 <0.000001>', "7 1.5 <... fdatasync resumed>) = 0 <0.500000>"]
    const [sync, write] = parseTrace(text.join("\n"))
    expect(sync).toMatchObject({ pid: 7, name: "fdatasync", arguments: "9</data.mdb>", result: 0, beginS: 1, endS: 1.5 })
    expect(write).toMatchObject({ pid: 8, name: "write", result: 8 })
  })

  test("keeps the arguments on both sides of an interruption", () => {
    const [call] = parseTrace('7 1.0 pwrite64(9</data.mdb>, "a) = 1 <0.1>", <unfinished ...>\n7 1.5 <... pwrite64 resumed>12, 40) = 12 <0.5>\n')
    expect(call).toMatchObject({ arguments: '9</data.mdb>, "a) = 1 <0.1>",12, 40', result: 12, endS: 1.5 })
  })

  test("gives a descriptor its number, whatever it stands for", () => {
    const text = ['7 1.0 openat(AT_FDCWD</data>, "data.mdb", O_RDWR) = 9</data/data.mdb> <0.1>', '7 2.0 lseek(9</data/data.mdb>, 4096, SEEK_SET) = 4096 <0.1>']
    expect(parseTrace(text.join("\n"))).toMatchObject([{ result: 9, endS: 1.1 }, { result: 4096 }])
  })

  test("shows errors, also injected ones", () => {
    const [call] = parseTrace("7 1.0 fdatasync(9</data.mdb>) = -1 EIO (Input/output error) (INJECTED) <0.1>\n")
    expect(call).toMatchObject({ result: -1 })
  })

  test("keeps a call in which the process ended", () => {
    const [ended, cut] = parseTrace("7 1.0 fdatasync(9</data.mdb>) = ?\n7 2.0 fdatasync(9</data.mdb> <unfinished ...>\n7 2.1 +++ killed by SIGKILL +++\n")
    expect(ended).toMatchObject({ result: null })
    expect(cut).toMatchObject({ result: null, endS: Number.POSITIVE_INFINITY })
  })

  test("keeps a call that strace left in the middle, where it knows which", () => {
    const calls = parseTrace("7 1.0 fdatasync(9</data.mdb> <detached ...>\n8 1.0 ???( <detached ...>\n")
    expect(calls).toMatchObject([{ pid: 7, name: "fdatasync", arguments: "9</data.mdb>", result: null }])
  })

  test("of something else is refused", () => {
    expect(() => parseTrace("Segmentation fault\n")).toThrow("not a line of strace")
    expect(() => parseTrace("7 1.5 <... fdatasync resumed>) = 0 <0.5>\n")).toThrow("never began")
  })
})
