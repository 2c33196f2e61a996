// Scenarios of a primary that is stuck but stays up, of restarts in the middle of a round, and of messages of an older link, session or epoch.
import { describe, expect, test } from "bun:test"
import { Pair, timing } from "./pair.ts"

/** A batch whose vote never came: in doubt here, and there as well where its prepare arrived. */
function stuckInDoubt(prepareArrives: boolean): Pair {
  const pair = Pair.inSync()
  pair.hold(prepareArrives ? "vote" : "prepare", "heartbeat")
  pair.propose("x")
  pair.pass(timing.peerTimeoutMs + 100)
  expect(pair.a.phase.name).toBe("stuck")
  pair.read()
  return pair
}

function recover(pair: Pair): string {
  pair.release("vote", "prepare", "heartbeat", "commit", "committed", "hello", "a disk", "b disk")
  pair.retry()
  pair.run()
  return pair.read()
}

describe("stuck, and trying again", () => {
  test("the vote never came: what is in doubt on both disks is completed (I1)", () => {
    const pair = stuckInDoubt(true)
    pair.take("vote")
    pair.take("heartbeat")
    expect(recover(pair)).toMatchInlineSnapshot(`
      "    -- a tries again
      a→b hello: head 4, committed 3
      a←b hello: head 4, committed 3
      a→b hello, open: head 4, committed 3
      a←b hello, opened: head 4, committed 3
      a   committed 4
      a→b commit 4, in sync
      b   committed 4
      a←b committed 4
      a   in sync"
    `)
  })

  test("the prepare never came: it is sent, and the late one of the old link changes nothing (I6, I10)", () => {
    const pair = stuckInDoubt(false)
    const late = pair.take("prepare")
    pair.take("heartbeat")
    expect(recover(pair)).toMatchInlineSnapshot(`
      "    -- a tries again
      a→b hello: head 4, committed 3
      a←b hello: head 3, committed 3
      a→b hello, open: head 4, committed 3
      a←b hello, opened: head 3, committed 3
      a   reads digest of 3
      a   loads from 4
      a→b prepare 4, round 2, committed 3
      b   saves 4, committed 3
      a←b round 2 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      b   committed 4
      a←b committed 4
      a   in sync"
    `)
    pair.late(late)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a late prepare arrives
      a←b prepare refused, session: link 1 is not the newest (2)"
    `)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("the prepare of the old link arrives between the two hellos: it counts, and the open hello names it (I4)", () => {
    const pair = stuckInDoubt(false)
    pair.take("heartbeat")
    pair.hold("hello")
    pair.retry()
    pair.deliver("hello")
    pair.deliver("hello")
    pair.deliver("prepare")
    pair.release("hello", "vote")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a tries again
      a→b hello: head 4, committed 3
      a←b hello: head 3, committed 3
      a→b hello, open: head 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a←b hello, opened: head 4, committed 3
      a   committed 4
      a→b commit 4, in sync
      b   committed 4
      a←b committed 4
      a   in sync"
    `)
    expect(pair.a.phase.name).toBe("steady")
    expect(pair.disks.b.records).toEqual(pair.disks.a.records)
  })

  test("the prepare of the old link is still being saved when the link is opened anew: hello waits for the disk (I5, I6)", () => {
    const pair = stuckInDoubt(false)
    pair.take("heartbeat")
    pair.hold("hello", "b disk")
    pair.retry()
    pair.deliver("hello")
    pair.deliver("hello")
    pair.deliver("prepare")
    pair.release("hello")
    pair.run()
    expect(pair.b.deferred).toHaveLength(1)
    pair.release("b disk")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a tries again
      a→b hello: head 4, committed 3
      a←b hello: head 3, committed 3
      a→b hello, open: head 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a←b hello, opened: head 4, committed 3
      a   committed 4
      a→b commit 4, in sync
      b   committed 4
      a←b committed 4
      a   in sync"
    `)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("requests of the old link that waited behind the open hello are refused, and the pair goes on (I6)", () => {
    const pair = stuckInDoubt(false)
    const heartbeat = pair.take("heartbeat")
    pair.hold("hello", "b disk")
    pair.retry()
    pair.deliver("hello")
    pair.deliver("hello")
    pair.deliver("prepare")
    pair.deliver("hello")
    pair.late(heartbeat)
    pair.release("b disk", "hello")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a tries again
      a→b hello: head 4, committed 3
      a←b hello: head 3, committed 3
      a→b hello, open: head 4, committed 3
      b   saves 4, committed 3
          -- a late heartbeat arrives
      a←b round 1 prepared; committed 3
      a←b hello, opened: head 4, committed 3
      a←b heartbeat refused, session: link 1 is not the newest (2)
      a   committed 4
      a→b commit 4, in sync
      b   committed 4
      a←b committed 4
      a   in sync"
    `)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("while the own disk is still saving the batch, trying again waits (I5)", () => {
    const pair = Pair.inSync()
    pair.hold("a disk", "vote", "heartbeat")
    pair.propose("x")
    pair.pass(timing.peerTimeoutMs + 100)
    pair.read()
    pair.retry()
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`"    -- a tries again"`)
    pair.take("vote")
    pair.take("heartbeat")
    pair.release("a disk")
    pair.run()
    expect(recover(pair)).toMatchInlineSnapshot(`
      "    -- a tries again
      a→b hello: head 4, committed 3
      a←b hello: head 4, committed 3
      a→b hello, open: head 4, committed 3
      a←b hello, opened: head 4, committed 3
      a   committed 4
      a→b commit 4, in sync
      b   committed 4
      a←b committed 4
      a   in sync"
    `)
    expect(pair.disks.a.records).toEqual(pair.disks.b.records)
  })

  test("while the own disk is undoing the batch, trying again waits, and nobody is told a second time (I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("b")
    pair.propose("x")
    pair.hold("a disk", "heartbeat")
    pair.disk("a")
    pair.run()
    pair.pass(timing.peerTimeoutMs + 100)
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
          -- the disk of b refuses
      a←b round 1 refused, disk-full: full; committed 3
      a   undoes
      a→b heartbeat
      a   stuck: no vote on version 4 within 5000 ms"
    `)
    pair.retry()
    pair.release("a disk")
    pair.run()
    pair.take("heartbeat")
    expect(recover(pair)).toMatchInlineSnapshot(`
      "    -- a tries again
          -- a tries again
      a→b hello: head 3, committed 3
      a←b hello: head 3, committed 3
      a→b hello, open: head 3, committed 3
      a←b hello, opened: head 3, committed 3
      a→b commit 3, in sync
      a←b committed 3
      a   in sync"
    `)
    expect(pair.disks.a.records).toHaveLength(3)
  })

  test("this disk refused and the rollback never arrived: what the replica has is adopted, and nobody was told (I1, I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a")
    pair.hold("rollback", "heartbeat")
    pair.propose("x")
    pair.pass(timing.peerTimeoutMs + 100)
    const rollback = pair.take("rollback")
    pair.take("heartbeat")
    pair.read()
    expect(recover(pair)).toMatchInlineSnapshot(`
      "    -- a tries again
      a→b hello: head 3, committed 3
      a←b hello: head 4, committed 3
      a→b hello, open: head 3, committed 3
      a←b hello, opened: head 4, committed 3
      a   notice: the replica's log ends at version 4, this node's at 3: adopting what it holds
      a→b records from 4
      b   reads its log
      a←b records 4
      a   saves 4, committed 3
      a   committed 4
      a→b commit 4, in sync
      b   committed 4
      a←b committed 4
      a   in sync"
    `)
    pair.late(rollback)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a late rollback arrives
      a←b rollback refused, session: link 1 is not the newest (2)"
    `)
    expect(pair.disks.b.records).toHaveLength(4)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("an unconfirmed commit is forgotten as one: no acknowledgement follows the unknown that its clients heard (I3)", () => {
    const pair = Pair.inSync()
    pair.hold("commit", "heartbeat")
    pair.propose("x")
    pair.pass(timing.peerTimeoutMs + 200)
    expect(pair.a.phase.name).toBe("stuck")
    const commit = pair.take("commit")
    pair.take("heartbeat")
    pair.read()
    expect(recover(pair)).toMatchInlineSnapshot(`
      "    -- a tries again
      a→b hello: head 4, committed 4
      a←b hello: head 4, committed 3
      a→b hello, open: head 4, committed 4
      a←b hello, opened: head 4, committed 3
      a→b commit 4, in sync
      b   committed 4
      a←b committed 4
      a   in sync"
    `)
    pair.late(commit)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a late commit arrives
      a←b commit refused, session: link 1 is not the newest (2)"
    `)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("the peer's records cannot be stored here while adopting: stuck, and the next try adopts them", () => {
    const pair = Pair.inSync()
    pair.replaceDisk("a", pair.disks.a.records.slice(0, 1))
    pair.restart("a")
    pair.refuseNextSave("a")
    pair.tick()
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a restarts
      a→b hello: head 1, committed 1
      a←b hello: head 3, committed 3
      a→b hello, open: head 1, committed 1
      a←b hello, opened: head 3, committed 3
      a   notice: the replica's log ends at version 3, this node's at 1: adopting what it holds
      a→b records from 2
      b   reads its log
      a←b records 2-3
      a   saves 2-3, committed 1
          -- the disk of a refuses
      a   stuck: the peer's records cannot be stored here: full"
    `)
    expect(recover(pair)).toMatchInlineSnapshot(`
      "    -- a tries again
      a→b hello: head 1, committed 1
      a←b hello: head 3, committed 3
      a→b hello, open: head 1, committed 1
      a←b hello, opened: head 3, committed 3
      a   notice: the replica's log ends at version 3, this node's at 1: adopting what it holds
      a→b records from 2
      b   reads its log
      a←b records 2-3
      a   saves 2-3, committed 1
      a   committed 3
      a→b commit 3, in sync
      a←b committed 3
      a   in sync"
    `)
  })

  test("not in sync in time while adopting: the disk's refusal is no second stuck", () => {
    const pair = Pair.inSync()
    pair.replaceDisk("a", pair.disks.a.records.slice(0, 1))
    pair.restart("a")
    pair.refuseNextSave("a")
    pair.hold("a disk")
    pair.tick()
    pair.run()
    pair.tick(timing.syncTimeoutMs + 100)
    pair.release("a disk")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a restarts
      a→b hello: head 1, committed 1
      a←b hello: head 3, committed 3
      a→b hello, open: head 1, committed 1
      a←b hello, opened: head 3, committed 3
      a   notice: the replica's log ends at version 3, this node's at 1: adopting what it holds
      a→b records from 2
      b   reads its log
      a←b records 2-3
      a   saves 2-3, committed 1
      a   stuck: not in sync with the replica within 30000 ms
          -- the disk of a refuses"
    `)
    expect(pair.a.adopted).toBe(null)
  })

  test("records that were loaded for an earlier try are not sent in this one (I4)", () => {
    const pair = Pair.inSync(5)
    pair.replaceDisk("b", pair.disks.b.records.slice(0, 1))
    pair.restart("b")
    pair.restart("a")
    pair.perMessage = 2
    pair.hold("prepare")
    pair.tick()
    pair.run()
    pair.read()
    pair.coordinate({ event: "loaded", records: pair.disks.a.records.slice(3) })
    pair.release("prepare")
    pair.run()
    expect(pair.a.phase.name).toBe("steady")
  })

  test("time outs begin anew with each try", () => {
    const pair = stuckInDoubt(true)
    pair.hold("hello")
    pair.retry()
    pair.tick(timing.syncTimeoutMs)
    expect(pair.a.phase.name).toBe("greeting")
    pair.tick(timing.syncTimeoutMs)
    expect(pair.a.phase.name).toBe("stuck")
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a tries again
      a→b hello: head 4, committed 3
      a   stuck: not in sync with the replica within 30000 ms"
    `)
  })
})

describe("restarts in the middle of a round", () => {
  test("commit lost, the replica restarts: stuck; after the primary's restart the sync completes it (I1)", () => {
    const pair = Pair.inSync()
    pair.hold("commit")
    pair.propose("x")
    pair.run()
    pair.lose("commit")
    pair.release("commit")
    pair.restart("b")
    pair.tick()
    pair.run()
    pair.restart("a")
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
          -- b restarts
      a→b commit 4, in sync
      a←b commit refused, session: this node has started anew since; say hello again
      a   stuck: the replica refused commit: this node has started anew since; say hello again
          -- a restarts
      a→b hello: head 4, committed 3
      a←b hello: head 4, committed 3
      a→b hello, open: head 4, committed 3
      a←b hello, opened: head 4, committed 3
      a   committed 4
      a→b commit 4, in sync
      b   committed 4
      b   in sync
      a←b committed 4
      a   in sync"
    `)
  })

  test("the replica restarts before its vote was durable: stuck, and the batch is sent again (I2)", () => {
    const pair = Pair.inSync()
    pair.hold("b disk")
    pair.propose("x")
    pair.run()
    pair.restart("b")
    pair.coordinate({ event: "lost", kind: "prepare" })
    pair.release("b disk")
    pair.tick()
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
          -- b restarts
      a→b prepare 4, round 1, committed 3
      a←b prepare refused, session: this node has started anew since; say hello again
      a   stuck: the replica refused prepare: this node has started anew since; say hello again"
    `)
    expect(recover(pair)).toMatchInlineSnapshot(`
      "    -- a tries again
      a→b hello: head 4, committed 3
      a←b hello: head 3, committed 3
      a→b hello, open: head 4, committed 3
      a←b hello, opened: head 3, committed 3
      a   reads digest of 3
      a   loads from 4
      a→b prepare 4, round 2, committed 3
      b   saves 4, committed 3
      a←b round 2 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      b   committed 4
      b   in sync
      a←b committed 4
      a   in sync"
    `)
  })

  test("the primary restarts when only the replica has the batch: adopted (I1)", () => {
    const pair = Pair.inSync()
    pair.hold("a disk", "vote")
    pair.propose("x")
    pair.run()
    pair.restart("a")
    const vote = pair.take("vote")
    pair.release("a disk", "vote")
    pair.tick()
    pair.late(vote)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
          -- a restarts
      a→b hello: head 3, committed 3
          -- a late vote arrives
      a←b hello: head 4, committed 3
      a→b hello, open: head 3, committed 3
      a←b hello, opened: head 4, committed 3
      a   notice: the replica's log ends at version 4, this node's at 3: adopting what it holds
      a→b records from 4
      b   reads its log
      a←b records 4
      a   saves 4, committed 3
      a   committed 4
      a→b commit 4, in sync
      b   committed 4
      a←b committed 4
      a   in sync"
    `)
  })

  test("the primary restarts when only it has the batch: the replica is sent it, and the old prepare changes nothing (I1, I6)", () => {
    const pair = Pair.inSync()
    pair.hold("prepare")
    pair.propose("x")
    pair.run()
    pair.restart("a")
    const old = pair.take("prepare")
    pair.release("prepare")
    pair.tick()
    pair.run()
    pair.late(old)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a proposes x
      a→b prepare 4, round 1, committed 3
      a   saves 4, committed 3
          -- a restarts
      a→b hello: head 4, committed 3
      a←b hello: head 3, committed 3
      a→b hello, open: head 4, committed 3
      a←b hello, opened: head 3, committed 3
      a   reads digest of 3
      a   loads from 4
      a→b prepare 4, round 1, committed 3
      b   saves 4, committed 3
      a←b round 1 prepared; committed 3
      a   committed 4
      a→b commit 4, in sync
      b   committed 4
      a←b committed 4
      a   in sync
          -- a late prepare arrives
      a←b prepare refused, session: link 1 is not the newest (2)"
    `)
    expect(pair.disks.b.records).toEqual(pair.disks.a.records)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("after a rollback and restarts of both, the old prepare is refused still (I6, I10)", () => {
    const pair = Pair.inSync()
    pair.refuseNextSave("a")
    pair.propose("x")
    const old = pair.copy("prepare")
    pair.run()
    pair.restart("b")
    pair.late(old)
    pair.restart("a")
    pair.late(old)
    pair.tick()
    pair.run()
    pair.late(old)
    expect(pair.disks.b.records).toHaveLength(3)
    pair.read()
  })

  test("the replica restarts while nothing is in doubt: its refusal of a heartbeat starts the sync, and nobody is stuck", () => {
    const pair = Pair.inSync()
    pair.restart("b")
    pair.tick(timing.heartbeatMs)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- b restarts
      a→b heartbeat
      a←b heartbeat refused, session: this node has started anew since; say hello again
      a   not in sync
      a→b hello: head 3, committed 3
      a←b hello: head 3, committed 3
      a→b hello, open: head 3, committed 3
      a←b hello, opened: head 3, committed 3
      a→b commit 3, in sync
      b   in sync
      a←b committed 3
      a   in sync"
    `)
    pair.propose("x")
    pair.run()
    expect(pair.disks.b.records).toHaveLength(4)
  })

  test("a second refusal for the same restart, come late, does not disturb the new link (I6)", () => {
    const pair = Pair.inSync()
    pair.restart("b")
    pair.tick(timing.heartbeatMs)
    const heartbeat = pair.copy("heartbeat")
    pair.run()
    pair.read()
    pair.late(heartbeat)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a late heartbeat arrives
      a←b heartbeat refused, session: this node has started anew since; say hello again"
    `)
    expect(pair.a.phase.name).toBe("steady")
  })
})

describe("messages of others change nothing", () => {
  const kinds = [
    ["an older link", { link: 0 }],
    ["a link that is not open yet", { link: 2 }],
    ["an older session of the replica", { peerSession: "b0" }],
    ["an older session of the primary", { session: "a0" }],
    ["another cluster", { cluster: "other" }],
    ["a lower epoch", { epoch: { number: 0, id: "zero" } }],
    ["a forked epoch", { epoch: { number: 1, id: "another" } }],
    ["a higher epoch that has not said hello", { epoch: { number: 2, id: "second" } }],
    ["another protocol", { protocol: 9 }],
  ] as const

  test.each(kinds)("of %s (I6)", (_, envelope) => {
    const pair = Pair.inSync()
    pair.hold("commit")
    pair.propose("x")
    pair.run()
    const before = pair.b
    const digest = pair.a.headDigest
    const requests = [
      { kind: "commit", version: 4, digest, inSync: true },
      { kind: "rollback", round: 1, first: 4, digest, parent: pair.disks.a.records[2]?.digest ?? digest },
      { kind: "prepare", round: 2, committed: 4, records: [] },
      { kind: "heartbeat" },
      { kind: "records", from: 1 },
      { kind: "digest", version: 1 },
    ] as const
    for (const request of requests) expect(pair.ask(request, envelope)).toMatchObject({ kind: "refused", of: request.kind })
    expect(pair.b).toEqual(before)
  })
})
