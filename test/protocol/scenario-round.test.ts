// Scenarios of a round: each reads as the conversation of a coordinator (a) and a participant (b).
import { describe, expect, test } from "bun:test"
import { Pair, timing } from "./pair.ts"

describe("a good round", () => {
  test("is prepared on both disks at once, committed here, committed there, then acknowledged (I3)", () => {
    const pair = Pair.inSync()
    pair.propose("x", "y")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x, y
      a→b prepare 4-5, round 1, committed 3
      a   saves 4-5, committed 3
      b   saves 4-5, committed 3
      a←b round 1 prepared; committed 3
      a   committed 5
      a→b commit 5, in sync
      a   decided 5
      b   committed 5
      a←b committed 5
      a   acknowledges 5"
    `)
  })

  test("is not voted for before the replica's disk has it (I2)", () => {
    const pair = Pair.inSync()
    pair.hold("b disk")
    pair.propose("x")
    pair.run()
    expect(pair.underWay()).toEqual([])
    expect(pair.a.committed).toBe(3)
    pair.release("b disk")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
      b   committed 4
      a←b committed 4
      a   acknowledges 4"
    `)
  })

  test("is not decided before the own disk has it, however early the vote is (I2)", () => {
    const pair = Pair.inSync()
    pair.hold("a disk")
    pair.propose("x")
    pair.run()
    expect(pair.a.committed).toBe(3)
    pair.release("a disk")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
      b   committed 4
      a←b committed 4
      a   acknowledges 4"
    `)
  })

  test("may follow on one whose commit is under way, and its prepare implies that commit (I3)", () => {
    const pair = Pair.inSync()
    pair.hold("commit")
    pair.propose("x")
    pair.run()
    pair.propose("y")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
          -- a proposes y
      a→b prepare 5, round 2, committed 4
      a   saves 5, committed 4
      b   committed 4
      b   saves 5, committed 4
      a←b round 2 prepared; committed 4
      a   acknowledges 4
      a   committed 5
      a→b commit 5, in sync
      a   decided 5"
    `)
    pair.release("commit")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "a←b committed 4
      b   committed 5
      a←b committed 5
      a   acknowledges 5"
    `)
  })

  test("follows while the last is unconfirmed, and one confirmation acknowledges both in order (I3)", () => {
    const pair = Pair.inSync()
    pair.hold("commit", "vote")
    pair.propose("x")
    pair.run()
    pair.deliver("vote")
    pair.run()
    pair.propose("y")
    pair.run()
    pair.lose("vote")
    pair.lose("commit")
    pair.release("commit", "vote")
    pair.tick()
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
          -- a proposes y
      a→b prepare 5, round 2, committed 4
      a   saves 5, committed 4
      b   committed 4
      b   saves 5, committed 4
      a←b round 2 prepared; committed 4
          -- vote is lost
          -- commit is lost
      a→b prepare 5, round 2, committed 4
      a→b commit 4, in sync
      a←b round 2 prepared; committed 4
      a←b committed 4
      a   acknowledges 4
      a   committed 5
      a→b commit 5, in sync
      a   decided 5
      b   committed 5
      a←b committed 5
      a   acknowledges 5"
    `)
  })
})

describe("the replica votes no", () => {
  test("the batch is taken back here, durably, before its clients hear of it (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("b", "below its floor")
    pair.propose("x")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
          -- the disk of b refuses
      a←b round 1 refused, disk-full: below its floor; committed 3
      a   undoes
      a   rejects, disk-full: below its floor"
    `)
    expect(pair.disks.a.records).toHaveLength(3)
  })

  test("before the own disk is done: it is taken back when it is (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("b", "below its floor")
    pair.hold("a disk")
    pair.propose("x")
    pair.run()
    pair.release("a disk")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
          -- the disk of b refuses
      a←b round 1 refused, disk-full: below its floor; committed 3
      a   undoes
      a   rejects, disk-full: below its floor"
    `)
  })

  test("and the commits before it are confirmed all the same (I3)", () => {
    const pair = Pair.inSync()
    pair.hold("commit")
    pair.propose("x")
    pair.run()
    pair.refuseNextSave("b", "below its floor")
    pair.propose("y")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
          -- a proposes y
      a→b prepare 5, round 2, committed 4
      a   saves 5, committed 4
      b   committed 4
      b   saves 5, committed 4
          -- the disk of b refuses
      a←b round 2 refused, disk-full: below its floor; committed 4
      a   acknowledges 4
      a   undoes
      a   rejects, disk-full: below its floor"
    `)
    pair.release("commit")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`"a←b committed 4"`)
  })

  test("and the next batch takes the version that the refused one had (I4)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("b", "below its floor")
    pair.propose("x")
    pair.run()
    pair.read()
    pair.propose("y")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes y
      a→b prepare 4, round 2, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 2 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
      b   committed 4
      a←b committed 4
      a   acknowledges 4"
    `)
    expect(pair.disks.a.records).toEqual(pair.disks.b.records)
  })

  test("a late copy of the refused prepare is refused again, whatever space there is now (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("b", "below its floor")
    pair.propose("x")
    const prepare = pair.copy("prepare")
    pair.run()
    pair.read()
    pair.late(prepare)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a late prepare arrives
      a←b round 1 refused, disk-full: below its floor; committed 3"
    `)
    expect(pair.disks.b.records).toHaveLength(3)
  })
})

describe("this disk refuses", () => {
  test("and the replica has prepared: it takes the batch back, durably, before its clients hear of it (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a")
    pair.hold("a disk")
    pair.propose("x")
    pair.run()
    pair.release("a disk")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
          -- the disk of a refuses
      a→b rollback from 4, round 1
      b   undoes
      a←b round 1 rolled back
      a   rejects, disk-full: full"
    `)
    expect(pair.disks.b.records).toHaveLength(3)
  })

  test("and the replica has refused: nothing is anywhere (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a", "full here")
    pair.refuseNextSave("b", "full there")
    pair.hold("a disk")
    pair.propose("x")
    pair.run()
    pair.release("a disk")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
          -- the disk of b refuses
      a←b round 1 refused, disk-full: full there; committed 3
          -- the disk of a refuses
      a   rejects, disk-full: full here"
    `)
  })

  test("and the replica is still saving: the rollback waits for its disk (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a")
    pair.hold("b disk")
    pair.propose("x")
    pair.run()
    pair.release("b disk")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
          -- the disk of a refuses
      a→b rollback from 4, round 1
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      b   undoes
      a←b round 1 rolled back
      a   rejects, disk-full: full"
    `)
    expect(pair.disks.b.records).toHaveLength(3)
  })

  test("and the replica is silent: nobody is told, and it is stuck (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a")
    pair.hold("prepare", "rollback", "heartbeat")
    pair.propose("x")
    pair.pass(timing.peerTimeoutMs + 100)
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
          -- the disk of a refuses
      a→b rollback from 4, round 1
      a→b heartbeat
      a   stuck: no vote on version 4 within 5000 ms"
    `)
  })

  test("the rollback is sent again until it is answered (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a")
    pair.hold("rollback", "rolled-back")
    pair.propose("x")
    pair.run()
    pair.lose("rollback")
    pair.tick()
    pair.release("rollback")
    pair.run()
    pair.lose("rolled-back")
    pair.release("rolled-back")
    pair.tick()
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
          -- the disk of a refuses
      a→b rollback from 4, round 1
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
          -- rollback is lost
      a→b rollback from 4, round 1
      b   undoes
      a←b round 1 rolled back
          -- rolled-back is lost
      a→b rollback from 4, round 1
      a←b round 1 rolled back
      a   rejects, disk-full: full"
    `)
  })

  test("the rollback overtakes the prepare, which is refused from then on; the pair goes on (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a")
    pair.hold("prepare")
    pair.propose("x")
    pair.run()
    pair.release("prepare")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
          -- the disk of a refuses
      a→b rollback from 4, round 1
      a←b round 1 rolled back
      a   rejects, disk-full: full
      a←b prepare refused, stale-round: round 1 is over; the newest is 1"
    `)
    expect(pair.disks.b.records).toHaveLength(3)
    pair.propose("y")
    pair.run()
    expect(pair.disks.b.records).toHaveLength(4)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("the refusal of the overtaken prepare comes before the rollback's answer; the pair goes on (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a")
    pair.hold("prepare", "rolled-back")
    pair.propose("x")
    pair.run()
    pair.release("prepare")
    pair.run()
    pair.release("rolled-back")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
          -- the disk of a refuses
      a→b rollback from 4, round 1
      a←b round 1 rolled back
      a←b prepare refused, stale-round: round 1 is over; the newest is 1
      a   rejects, disk-full: full"
    `)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("a late no arrives while the rollback is on its way: rejected once, and the rollback takes nothing of the next round (I1)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a", "full here")
    pair.refuseNextSave("b", "full there")
    pair.hold("rollback", "vote")
    pair.propose("x")
    pair.run()
    pair.deliver("vote")
    pair.release("vote")
    pair.propose("y")
    pair.run()
    pair.release("rollback")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
          -- the disk of a refuses
      a→b rollback from 4, round 1
      b   saves 4, committed 3
          -- the disk of b refuses
      a←b round 1 refused, disk-full: full there; committed 3
      a   rejects, disk-full: full here
          -- a proposes y
      a→b prepare 4, round 2, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 2 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
      b   committed 4
      a←b committed 4
      a   acknowledges 4
      a←b rollback refused, stale-round: round 1 is over; the newest is 2"
    `)
    expect(pair.disks.b.records).toHaveLength(4)
    expect(pair.a.phase.name).toBe("steady")
  })
})

describe("what is lost, repeated or late", () => {
  test("a lost prepare is sent again with the next tick", () => {
    const pair = Pair.inSync()
    pair.propose("x")
    pair.lose("prepare")
    pair.tick()
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
          -- prepare is lost
      a→b prepare 4, round 1, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
      b   committed 4
      a←b committed 4
      a   acknowledges 4"
    `)
  })

  test("a lost vote: the repeated prepare gets the same vote, and nothing is saved twice", () => {
    const pair = Pair.inSync()
    pair.hold("vote")
    pair.propose("x")
    pair.run()
    pair.lose("vote")
    pair.release("vote")
    pair.tick()
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
          -- vote is lost
      a→b prepare 4, round 1, committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
      b   committed 4
      a←b committed 4
      a   acknowledges 4"
    `)
  })

  test("a copy of a prepare that is still being saved waits, and gets the same vote", () => {
    const pair = Pair.inSync()
    pair.hold("b disk")
    pair.propose("x")
    const prepare = pair.copy("prepare")
    pair.run()
    pair.late(prepare)
    pair.release("b disk")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
          -- a late prepare arrives
      a←b round 1 prepared; committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
      b   committed 4
      a←b committed 4
      a   acknowledges 4"
    `)
  })

  test("a copy of a commit is confirmed again, also below what is committed by now", () => {
    const pair = Pair.inSync()
    pair.hold("commit")
    pair.propose("x")
    pair.run()
    const commit = pair.copy("commit")
    pair.release("commit")
    pair.run()
    pair.propose("y")
    pair.run()
    pair.read()
    pair.late(commit)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a late commit arrives
      a←b committed 5"
    `)
    expect(pair.b.committed).toBe(5)
  })

  test("a copy of a rollback is answered again, and takes nothing of what followed (I1)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a")
    pair.hold("rollback")
    pair.propose("x")
    pair.run()
    const rollback = pair.copy("rollback")
    pair.release("rollback")
    pair.run()
    pair.read()
    pair.late(rollback)
    pair.run()
    pair.propose("y")
    pair.run()
    pair.late(rollback)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a late rollback arrives
      a←b round 1 rolled back
          -- a proposes y
      a→b prepare 4, round 2, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 2 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
      b   committed 4
      a←b committed 4
      a   acknowledges 4
          -- a late rollback arrives
      a←b rollback refused, stale-round: round 1 is over; the newest is 2"
    `)
    expect(pair.disks.b.records).toHaveLength(4)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("a prepare that comes after its rollback is refused for ever (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a")
    pair.propose("x")
    const prepare = pair.copy("prepare")
    pair.run()
    expect(pair.disks.b.records).toHaveLength(3)
    pair.propose("y")
    pair.run()
    pair.read()
    pair.late(prepare)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a late prepare arrives
      a←b prepare refused, stale-round: round 1 is over; the newest is 2"
    `)
    expect(pair.disks.b.records).toHaveLength(4)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("a lost commit is sent again, with the newest version", () => {
    const pair = Pair.inSync()
    pair.hold("commit")
    pair.propose("x")
    pair.run()
    pair.lose("commit")
    pair.release("commit")
    pair.tick()
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
          -- commit is lost
      a→b commit 4, in sync
      b   committed 4
      a←b committed 4
      a   acknowledges 4"
    `)
  })

  test("a lost confirmation: the heartbeat's answer confirms as well (I3)", () => {
    const pair = Pair.inSync()
    pair.hold("committed")
    pair.propose("x")
    pair.run()
    pair.tick(timing.heartbeatMs)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
      b   committed 4
      a←b committed 4
      a→b heartbeat
      a←b heartbeat: head 4, committed 4
      a   acknowledges 4"
    `)
  })

  test("a vote that arrives after the next round has begun decides nothing of it (I3)", () => {
    const pair = Pair.inSync()
    pair.hold("vote")
    pair.propose("x")
    pair.run()
    const vote = pair.copy("vote")
    pair.release("vote")
    pair.run()
    pair.hold("prepare")
    pair.propose("y")
    pair.run()
    pair.read()
    pair.late(vote)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`"    -- a late vote arrives"`)
    expect(pair.a.committed).toBe(4)
  })

  test("no vote in time: stuck, and a late vote does not help any more (I10)", () => {
    const pair = Pair.inSync()
    pair.hold("vote")
    pair.propose("x")
    pair.pass(timing.peerTimeoutMs + 100)
    pair.release("vote")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a→b heartbeat
      a←b heartbeat: head 4, committed 3
      a→b heartbeat
      a←b heartbeat: head 4, committed 3
      a→b heartbeat
      a←b heartbeat: head 4, committed 3
      a→b heartbeat
      a←b heartbeat: head 4, committed 3
      a→b heartbeat
      a←b heartbeat: head 4, committed 3
      a   stuck: no vote on version 4 within 5000 ms"
    `)
  })

  test("no confirmation in time: decided, stuck, and never acknowledged (I3)", () => {
    const pair = Pair.inSync()
    pair.hold("commit", "heartbeat")
    pair.propose("x")
    pair.pass(timing.peerTimeoutMs + 200)
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      a   decided 4
      a→b heartbeat
      a   stuck: the commit of version 4 was not confirmed within 5000 ms"
    `)
  })
})
