// Scenarios of hello and the sync check: the whole table of docs/PROTOCOL.md, as conversations of a primary (a) and a replica (b).
import { describe, expect, test } from "bun:test"
import { genesisDigest } from "../../src/protocol/digest.ts"
import { chain, log } from "./chain.ts"
import { Pair, timing } from "./pair.ts"

const common = log(5)

function start(pair: Pair): string {
  pair.tick()
  pair.run()
  return pair.read()
}

describe("one log is the beginning of the other", () => {
  test("equal: both commit up to their head, in doubt or not (I4)", () => {
    const pair = new Pair({ a: { log: common, committed: 4 }, b: { log: common, committed: 3 } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 4
      a←b hello: head 5, committed 3
      a→b hello, open: head 5, committed 4
      a←b hello, opened: head 5, committed 3
      a   committed 5
      a→b commit 5, in sync
      b   committed 5
      b   in sync
      a←b committed 5
      a   in sync"
    `)
    expect([pair.a.committed, pair.b.committed]).toEqual([5, 5])
    expect(pair.b.synced).toBe(true)
  })

  test("both empty", () => {
    const pair = new Pair({ a: { log: [] }, b: { log: [], cluster: null } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 0, committed 0
      a←b hello: head 0, committed 0, fresh
      a→b hello, open: head 0, committed 0
      b   joins c, epoch 1
      a←b hello, opened: head 0, committed 0, fresh
      a→b commit 0, in sync
      b   in sync
      a←b committed 0
      a   in sync"
    `)
  })

  test("primary ahead, replica's head in doubt on both: the replica is sent the rest, and all is committed (I4)", () => {
    const pair = new Pair({ a: { log: common, committed: 3 }, b: { log: common.slice(0, 4), committed: 3 } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 3
      a←b hello: head 4, committed 3
      a→b hello, open: head 5, committed 3
      a←b hello, opened: head 4, committed 3
      a   reads digest of 4
      a   committed 4
      a   loads from 5
      a→b prepare 5, round 1, committed 4
      b   committed 4
      b   saves 5, committed 4
      a←b round 1 prepared; committed 4
      a   committed 5
      a→b commit 5, in sync
      b   committed 5
      b   in sync
      a←b committed 5
      a   in sync"
    `)
  })

  test("primary far ahead: several rounds, each committed before the next (I5)", () => {
    const pair = new Pair({ a: { log: common }, b: { log: common.slice(0, 1) } })
    pair.perMessage = 2
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello: head 1, committed 1
      a→b hello, open: head 5, committed 5
      b   joins c, epoch 1, may lack writes
      a←b hello, opened: head 1, committed 1
      a   reads digest of 1
      a   notice: the replica's log ends at version 1, and it had acknowledged version 5: its disk went backwards, or it was replaced; sending what it lacks
      a   loads from 2
      a→b prepare 2-3, round 1, committed 1
      b   saves 2-3, committed 1
      a←b round 1 prepared; committed 1
      a   loads from 4
      a→b prepare 4-5, round 2, committed 3
      b   committed 3
      b   saves 4-5, committed 3
      a←b round 2 prepared; committed 3
      a→b commit 5, in sync
      b   lacks nothing
      b   committed 5
      b   in sync
      a←b committed 5
      a   in sync"
    `)
    expect(pair.disks.b.records).toEqual(common)
  })

  test("the replica had acknowledged more before: its disk went backwards, and the primary says so", () => {
    const pair = Pair.inSync(5)
    pair.replaceDisk("b", common.slice(0, 2))
    pair.restart("b")
    pair.restart("a")
    expect(start(pair)).toMatchInlineSnapshot(`
      "    -- b restarts
          -- a restarts
      a→b hello: head 5, committed 5
      a←b hello: head 2, committed 2
      a→b hello, open: head 5, committed 5
      b   joins c, epoch 1, may lack writes
      a←b hello, opened: head 2, committed 2
      a   reads digest of 2
      a   notice: the replica's log ends at version 2, and it had acknowledged version 5: its disk went backwards, or it was replaced; sending what it lacks
      a   loads from 3
      a→b prepare 3-5, round 1, committed 2
      b   saves 3-5, committed 2
      a←b round 1 prepared; committed 2
      a→b commit 5, in sync
      b   lacks nothing
      b   committed 5
      b   in sync
      a←b committed 5
      a   in sync"
    `)
  })

  test("the replica's disk went back to before the first record: the primary says so, too", () => {
    const pair = new Pair({ a: { log: common }, b: { log: [] } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello: head 0, committed 0
      a→b hello, open: head 5, committed 5
      b   joins c, epoch 1, may lack writes
      a←b hello, opened: head 0, committed 0
      a   notice: the replica's log ends at version 0, and it had acknowledged version 5: its disk went backwards, or it was replaced; sending what it lacks
      a   loads from 1
      a→b prepare 1-5, round 1, committed 0
      b   saves 1-5, committed 0
      a←b round 1 prepared; committed 0
      a→b commit 5, in sync
      b   lacks nothing
      b   committed 5
      b   in sync
      a←b committed 5
      a   in sync"
    `)
  })

  test("primary behind: it adopts what the replica has, in several fetches, and says so once (I1)", () => {
    const pair = new Pair({ a: { log: common.slice(0, 1) }, b: { log: common, committed: 4 } })
    pair.perMessage = 2
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 1, committed 1
      a←b hello: head 5, committed 4
      a→b hello, open: head 1, committed 1
      a←b hello, opened: head 5, committed 4
      a   notice: the replica's log ends at version 5, this node's at 1: adopting what it holds
      a→b records from 2
      b   reads its log
      a←b records 2-3
      a   saves 2-3, committed 1
      a→b records from 4
      b   reads its log
      a←b records 4-5
      a   committed 3
      a   saves 4-5, committed 3
      a   committed 5
      a→b commit 5, in sync
      b   committed 5
      b   in sync
      a←b committed 5
      a   in sync"
    `)
    expect(pair.disks.a.records).toEqual(common)
    expect([pair.a.committed, pair.b.committed]).toEqual([5, 5])
  })

  test("primary behind and in doubt: what it holds is on both disks, so it is committed before more is adopted (I1, I5)", () => {
    const pair = new Pair({ a: { log: common.slice(0, 3), committed: 1 }, b: { log: common, committed: 4 } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 3, committed 1
      a←b hello: head 5, committed 4
      a→b hello, open: head 3, committed 1
      a←b hello, opened: head 5, committed 4
      a   notice: the replica's log ends at version 5, this node's at 3: adopting what it holds
      a→b records from 4
      b   reads its log
      a←b records 4-5
      a   committed 3
      a   saves 4-5, committed 3
      a   committed 5
      a→b commit 5, in sync
      b   committed 5
      b   in sync
      a←b committed 5
      a   in sync"
    `)
  })

  test("primary crashed before its first batch was durable: it adopts it (I1)", () => {
    const pair = new Pair({ a: { log: [] }, b: { log: common.slice(0, 1), committed: 0 } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 0, committed 0
      a←b hello: head 1, committed 0
      a→b hello, open: head 0, committed 0
      a←b hello, opened: head 1, committed 0
      a   notice: the replica's log ends at version 1, this node's at 0: adopting what it holds
      a→b records from 1
      b   reads its log
      a←b records 1
      a   saves 1, committed 0
      a   committed 1
      a→b commit 1, in sync
      b   committed 1
      b   in sync
      a←b committed 1
      a   in sync"
    `)
  })
})

describe("the logs have diverged", () => {
  const shared = common.slice(0, 3)
  const here = chain(["here", "here too"], shared)
  const there = chain(["there", "there too"], shared)

  test("in the head: both stop, naming the last common version and both digests (I4)", () => {
    const pair = new Pair({ a: { log: [...shared, ...here.slice(0, 1)] }, b: { log: [...shared, ...there.slice(0, 1)] } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 4, committed 4
      a←b hello: head 4, committed 4
      a→b hello, open: head 4, committed 4
      a←b hello, opened: head 4, committed 4
      a→b digest of 4
      b   reads its log
      a←b digest of 4 known
      a   reads digest of 4
      a→b digest of 2
      b   reads its log
      a←b digest of 2 known
      a   reads digest of 2
      a→b digest of 3
      b   reads its log
      a←b digest of 3 known
      a   reads digest of 3
      a→b diverged at 4
      a←b diverged
      b   stops, diverged: the logs have diverged: the last common version is 3; version 4 has digest cf26ae… here and 47bee1… on the peer
      a   stops, diverged: the logs have diverged: the last common version is 3; version 4 has digest 47bee1… here and cf26ae… on the peer"
    `)
  })

  test("in the middle, the replica behind (I4)", () => {
    const longer = [...shared, ...here]
    const pair = new Pair({ a: { log: [...longer, ...chain(["1", "2", "3", "4"], longer)] }, b: { log: [...shared, ...there] } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 9, committed 9
      a←b hello: head 5, committed 5
      a→b hello, open: head 9, committed 9
      b   joins c, epoch 1, may lack writes
      a←b hello, opened: head 5, committed 5
      a   reads digest of 5
      a→b digest of 5
      b   reads its log
      a←b digest of 5 known
      a   reads digest of 5
      a→b digest of 2
      b   reads its log
      a←b digest of 2 known
      a   reads digest of 2
      a→b digest of 3
      b   reads its log
      a←b digest of 3 known
      a   reads digest of 3
      a→b digest of 4
      b   reads its log
      a←b digest of 4 known
      a   reads digest of 4
      a→b diverged at 4
      a←b diverged
      b   stops, diverged: the logs have diverged: the last common version is 3; version 4 has digest cf26ae… here and 47bee1… on the peer
      a   stops, diverged: the logs have diverged: the last common version is 3; version 4 has digest 47bee1… here and cf26ae… on the peer"
    `)
  })

  test("in the middle, the primary behind (I4)", () => {
    const pair = new Pair({ a: { log: [...shared, ...here] }, b: { log: [...shared, ...there, ...chain(["more"], [...shared, ...there])] } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello: head 6, committed 6
      a→b hello, open: head 5, committed 5
      a←b hello, opened: head 6, committed 6
      a   notice: the replica's log ends at version 6, this node's at 5: adopting what it holds
      a→b records from 6
      b   reads its log
      a←b records 6
      a→b digest of 5
      b   reads its log
      a←b digest of 5 known
      a   reads digest of 5
      a→b digest of 2
      b   reads its log
      a←b digest of 2 known
      a   reads digest of 2
      a→b digest of 3
      b   reads its log
      a←b digest of 3 known
      a   reads digest of 3
      a→b digest of 4
      b   reads its log
      a←b digest of 4 known
      a   reads digest of 4
      a→b diverged at 4
      a←b diverged
      b   stops, diverged: the logs have diverged: the last common version is 3; version 4 has digest cf26ae… here and 47bee1… on the peer
      a   stops, diverged: the logs have diverged: the last common version is 3; version 4 has digest 47bee1… here and cf26ae… on the peer"
    `)
    expect(pair.disks.a.records).toHaveLength(5)
  })

  test("from the first version on (I4)", () => {
    const pair = new Pair({ a: { log: log(2, "mine") }, b: { log: log(2, "yours") } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 2, committed 2
      a←b hello: head 2, committed 2
      a→b hello, open: head 2, committed 2
      a←b hello, opened: head 2, committed 2
      a→b digest of 2
      b   reads its log
      a←b digest of 2 known
      a   reads digest of 2
      a→b digest of 1
      b   reads its log
      a←b digest of 1 known
      a   reads digest of 1
      a→b diverged at 1
      a←b diverged
      b   stops, diverged: the logs have diverged: the last common version is 0; version 1 has digest a91007… here and 324a52… on the peer
      a   stops, diverged: the logs have diverged: the last common version is 0; version 1 has digest 324a52… here and a91007… on the peer"
    `)
  })

  test("nothing is undone or overwritten on either disk (I1)", () => {
    const pair = new Pair({ a: { log: [...shared, ...here] }, b: { log: [...shared, ...there] } })
    start(pair)
    expect(pair.disks.a.records).toEqual([...shared, ...here])
    expect(pair.disks.b.records).toEqual([...shared, ...there])
  })

  test("a record of the replica that does not follow on the one before it: named, and not adopted (I4)", () => {
    const rotten = common.map((record) => (record.version === 3 ? { ...record, digest: genesisDigest } : record))
    const pair = new Pair({ a: { log: common.slice(0, 1) }, b: { log: rotten } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 1, committed 1
      a←b hello: head 5, committed 5
      a→b hello, open: head 1, committed 1
      a←b hello, opened: head 5, committed 5
      a   notice: the replica's log ends at version 5, this node's at 1: adopting what it holds
      a→b records from 2
      b   reads its log
      a←b records 2-5
      a   stops, diverged: version 4 of the replica's log does not follow on its version 3: a disk is damaged"
    `)
    expect(pair.disks.a.records).toHaveLength(1)
  })

  test("a replica whose next record does not follow on the version at which both agree: named, and not asked for ever (I4)", () => {
    const rotten = common.map((record) => (record.version === 3 ? { ...record, parent: genesisDigest } : record))
    const pair = new Pair({ a: { log: common.slice(0, 2) }, b: { log: rotten } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 2, committed 2
      a←b hello: head 5, committed 5
      a→b hello, open: head 2, committed 2
      a←b hello, opened: head 5, committed 5
      a   notice: the replica's log ends at version 5, this node's at 2: adopting what it holds
      a→b records from 3
      b   reads its log
      a←b records 3-5
      a→b digest of 2
      b   reads its log
      a←b digest of 2 known
      a   reads digest of 2
      a   stops, diverged: version 3 of the replica's log does not follow on its version 2: a disk is damaged"
    `)
  })

  test("a replica whose very first record has a parent: named, and not adopted (I4)", () => {
    const rotten = common.map((record) => (record.version === 1 ? { ...record, parent: record.digest } : record))
    const pair = new Pair({ a: { log: [] }, b: { log: rotten } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 0, committed 0
      a←b hello: head 5, committed 5
      a→b hello, open: head 0, committed 0
      a←b hello, opened: head 5, committed 5
      a   notice: the replica's log ends at version 5, this node's at 0: adopting what it holds
      a→b records from 1
      b   reads its log
      a←b records 1-5
      a   stops, diverged: version 1 of the replica's log does not follow on its version 0: a disk is damaged"
    `)
  })

  test("the replica cannot be told: this node stops all the same (I4)", () => {
    const pair = new Pair({ a: { log: log(1, "mine") }, b: { log: log(1, "yours") } })
    pair.hold("diverged")
    pair.tick()
    pair.run()
    pair.tick(timing.syncTimeoutMs + 100)
    expect(pair.a.phase.name).toBe("parting")
    pair.lose("diverged")
    expect(pair.a.phase.name).toBe("stopped")
  })
})

describe("an empty disk", () => {
  test("of a replica without --join: the replica stops, and the primary keeps asking (P6)", () => {
    const pair = new Pair({ a: { log: common }, b: { log: [], cluster: null } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello refused, wiped: this disk is empty, and the primary has 5 versions: a node that lost its disk is only filled when started with --join
      a→b hello, open: head 5, committed 5
      a←b hello refused, wiped: this disk is empty, and the primary has 5 versions: a node that lost its disk is only filled when started with --join
      b   stops, foreign: this disk is empty, and the primary has 5 versions: a node that lost its disk is only filled when started with --join
      a   notice: the replica: this disk is empty, and the primary has 5 versions: a node that lost its disk is only filled when started with --join"
    `)
    pair.tick()
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello refused, wiped: this disk is empty, and the primary has 5 versions: a node that lost its disk is only filled when started with --join
      a→b hello, open: head 5, committed 5
      a←b hello refused, wiped: this disk is empty, and the primary has 5 versions: a node that lost its disk is only filled when started with --join
      b   stops, foreign: this disk is empty, and the primary has 5 versions: a node that lost its disk is only filled when started with --join
      a   notice: the replica: this disk is empty, and the primary has 5 versions: a node that lost its disk is only filled when started with --join"
    `)
  })

  test("of a replica with --join: it is sent everything from version 1 on", () => {
    const pair = new Pair({ a: { log: common }, b: { log: [], cluster: null, joining: true } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello: head 0, committed 0, fresh
      a→b hello, open: head 5, committed 5
      b   joins c, epoch 1, may lack writes
      a←b hello, opened: head 0, committed 0, fresh
      a   loads from 1
      a→b prepare 1-5, round 1, committed 0
      b   saves 1-5, committed 0
      a←b round 1 prepared; committed 0
      a→b commit 5, in sync
      b   lacks nothing
      b   committed 5
      b   in sync
      a←b committed 5
      a   in sync"
    `)
    expect(pair.disks.b.records).toEqual(common)
    expect(pair.disks.b.cluster).toBe("c")
  })

  test("of a replica that stopped in the middle of joining: it goes on without --join", () => {
    const pair = new Pair({ a: { log: common }, b: { log: [], cluster: null, joining: true } })
    pair.perMessage = 2
    pair.tick()
    pair.hold("vote")
    pair.run()
    pair.restart("b")
    pair.restart("a")
    pair.release("vote")
    pair.read()
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello: head 2, committed 0
      a→b hello, open: head 5, committed 5
      a←b hello, opened: head 2, committed 0
      a   reads digest of 2
      a   notice: the replica's log ends at version 2, and it had acknowledged version 5: its disk went backwards, or it was replaced; sending what it lacks
      a   loads from 3
      a→b prepare 3-4, round 1, committed 2
      b   committed 2
      b   saves 3-4, committed 2
      a←b round 1 prepared; committed 2
      a   loads from 5
      a→b prepare 5, round 2, committed 4
      b   committed 4
      b   saves 5, committed 4
      a←b round 2 prepared; committed 4
      a→b commit 5, in sync
      b   lacks nothing
      b   committed 5
      b   in sync
      a←b committed 5
      a   in sync"
    `)
  })

  test("of a primary facing data: it stops, and nothing is lost (P6)", () => {
    const pair = new Pair({ a: { log: [], cluster: "new" }, b: { log: common } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 0, committed 0
      a←b hello refused, foreign-cluster: this node belongs to cluster c, the caller to new
      a   stops, foreign: this disk is empty, and the peer belongs to another cluster: this node belongs to cluster c, the caller to new"
    `)
    expect(pair.disks.b.records).toEqual(common)
  })
})

describe("somebody else", () => {
  test("another cluster (I6)", () => {
    expect(start(new Pair({ a: { log: common }, b: { log: common, cluster: "other" } }))).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello refused, foreign-cluster: this node belongs to cluster other, the caller to c
      a   stops, foreign: this node belongs to cluster other, the caller to c"
    `)
  })

  test("the same node id (I6)", () => {
    expect(start(new Pair({ a: { log: common }, b: { log: common, node: "a" } }))).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello refused, same-node: both nodes are named a; give each its own --node
      a   stops, foreign: both nodes are named a; give each its own --node"
    `)
  })

  test("itself (I6)", () => {
    const pair = new Pair({ a: { log: common }, b: { log: common } })
    pair.b = { ...pair.b, session: pair.a.session }
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello refused, itself: the peer address leads back to the caller
      a   stops, foreign: the peer address leads back to the caller"
    `)
  })

  test("a replica of a higher epoch: fenced (I6)", () => {
    expect(start(new Pair({ a: { log: common }, b: { log: common, epoch: { number: 2, id: "second" } } }))).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello refused, fenced: this node has seen epoch 2
      a   stops, fenced: this node has seen epoch 2"
    `)
  })

  test("a replica of a lower epoch takes the new one over, durably, before the link is open (I6)", () => {
    const pair = new Pair({ a: { log: common, epoch: { number: 2, id: "second" } }, b: { log: common } })
    expect(start(pair)).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello: head 5, committed 5
      a→b hello, open: head 5, committed 5
      b   joins c, epoch 2
      a←b hello, opened: head 5, committed 5
      a→b commit 5, in sync
      b   in sync
      a←b committed 5
      a   in sync"
    `)
    expect(pair.disks.b.epoch).toEqual({ number: 2, id: "second" })
  })

  test("a forked epoch: both stop (I6)", () => {
    expect(start(new Pair({ a: { log: common }, b: { log: common, epoch: { number: 1, id: "another" } } }))).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello refused, epoch-forked: the primary and its replica know two reigns of epoch 1, each begun without the other; \`tandem rejoin\` names the last version that both logs have
      a→b hello, open: head 5, committed 5
      a←b hello refused, epoch-forked: the primary and its replica know two reigns of epoch 1, each begun without the other; \`tandem rejoin\` names the last version that both logs have
      b   stops, diverged: the primary and its replica know two reigns of epoch 1, each begun without the other; \`tandem rejoin\` names the last version that both logs have
      a   stops, diverged: the primary and its replica know two reigns of epoch 1, each begun without the other; \`tandem rejoin\` names the last version that both logs have"
    `)
  })

  test("another protocol version", () => {
    const pair = new Pair({ a: { log: common }, b: { log: common } })
    expect(pair.ask({ kind: "hello", open: false, head: 5, headDigest: pair.a.headDigest, committed: 5, logStart: 1, publicUrl: "" }, { protocol: 9 })).toMatchObject({ kind: "refused", code: "protocol" })
    expect(pair.ask({ kind: "heartbeat" }, { protocol: 9 })).toMatchObject({ kind: "refused", code: "protocol" })
  })
})

describe("time", () => {
  test("nobody answers: asked again with each tick after a loss, and stuck in the end", () => {
    const pair = new Pair({ a: { log: common }, b: { log: common } })
    pair.tick()
    pair.lose("hello")
    pair.tick()
    pair.lose("hello")
    expect(pair.read()).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
          -- hello is lost
      a→b hello: head 5, committed 5
          -- hello is lost"
    `)
    pair.tick(timing.syncTimeoutMs)
    expect(pair.read()).toMatchInlineSnapshot(`"a   stuck: not in sync with the replica within 30000 ms"`)
  })

  test("the limit is for silence: each round of a long catch-up begins it anew", () => {
    const pair = new Pair({ a: { log: log(9) }, b: { log: [] } })
    pair.perMessage = 1
    pair.hold("prepare")
    pair.tick()
    const sinceMs = pair.nowMs
    for (let version = 1; version <= 9; version++) {
      pair.run()
      pair.tick(timing.peerTimeoutMs - 100)
      pair.deliver("prepare")
    }
    pair.run()
    expect(pair.nowMs - sinceMs).toBeGreaterThan(timing.syncTimeoutMs)
    expect(pair.a.phase.name).toBe("steady")
  })
})

describe("what is lost, repeated or late while syncing", () => {
  test("a lost answer to the open hello: asked again, and the link after it counts (I6)", () => {
    const pair = new Pair({ a: { log: common }, b: { log: common } })
    pair.hold("hello")
    pair.tick()
    pair.deliver("hello")
    pair.deliver("hello")
    pair.deliver("hello")
    pair.lose("hello")
    pair.release("hello")
    pair.tick()
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello: head 5, committed 5
      a→b hello, open: head 5, committed 5
      a←b hello, opened: head 5, committed 5
          -- hello is lost
      a→b hello: head 5, committed 5
      a←b hello: head 5, committed 5
      a→b hello, open: head 5, committed 5
      a←b hello, opened: head 5, committed 5
      a→b commit 5, in sync
      b   in sync
      a←b committed 5
      a   in sync"
    `)
    expect(pair.a.link).toBe(2)
  })

  test("a late answer to an earlier open hello opens nothing (I6)", () => {
    const pair = new Pair({ a: { log: common }, b: { log: common } })
    pair.hold("hello")
    pair.tick()
    pair.deliver("hello")
    pair.deliver("hello")
    pair.deliver("hello")
    const opened = pair.lose("hello")
    pair.tick()
    pair.deliver("hello")
    pair.deliver("hello")
    pair.late(opened)
    pair.release("hello")
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello: head 5, committed 5
      a→b hello, open: head 5, committed 5
      a←b hello, opened: head 5, committed 5
          -- hello is lost
      a→b hello: head 5, committed 5
      a←b hello: head 5, committed 5
      a→b hello, open: head 5, committed 5
          -- a late hello arrives
      a←b hello, opened: head 5, committed 5
      a→b commit 5, in sync
      b   in sync
      a←b committed 5
      a   in sync"
    `)
    expect(pair.a.phase.name).toBe("steady")
    expect(pair.a.link).toBe(pair.b.link)
  })

  test("a copy of the open hello does not open a second link (I6)", () => {
    const pair = new Pair({ a: { log: common }, b: { log: common } })
    pair.hold("hello")
    pair.tick()
    pair.deliver("hello")
    pair.deliver("hello")
    const open = pair.copy("hello")
    pair.release("hello")
    pair.run()
    pair.read()
    pair.late(open)
    pair.run()
    expect(pair.read()).toMatchInlineSnapshot(`
      "    -- a late hello arrives
      a←b hello refused, session: link 0 is not the newest (1)"
    `)
    expect(pair.b.link).toBe(1)
    expect(pair.a.phase.name).toBe("steady")
  })

  test("lost: a prepare, a vote, a fetch, a digest, the last commit; each is sent again", () => {
    const sending = new Pair({ a: { log: common }, b: { log: common.slice(0, 3) } })
    sending.hold("prepare", "committed")
    sending.tick()
    sending.run()
    sending.lose("prepare")
    sending.release("prepare")
    sending.tick()
    sending.run()
    sending.lose("committed")
    sending.release("committed")
    sending.tick()
    sending.run()
    expect(sending.read()).toMatchInlineSnapshot(`
      "a→b hello: head 5, committed 5
      a←b hello: head 3, committed 3
      a→b hello, open: head 5, committed 5
      b   joins c, epoch 1, may lack writes
      a←b hello, opened: head 3, committed 3
      a   reads digest of 3
      a   notice: the replica's log ends at version 3, and it had acknowledged version 5: its disk went backwards, or it was replaced; sending what it lacks
      a   loads from 4
      a→b prepare 4-5, round 1, committed 3
          -- prepare is lost
      a→b prepare 4-5, round 1, committed 3
      b   saves 4-5, committed 3
      a←b round 1 prepared; committed 3
      a→b commit 5, in sync
      b   lacks nothing
      b   committed 5
      b   in sync
      a←b committed 5
          -- committed is lost
      a→b commit 5, in sync
      a←b committed 5
      a   in sync"
    `)
    const adopting = new Pair({ a: { log: common.slice(0, 3) }, b: { log: common } })
    adopting.hold("records")
    adopting.tick()
    adopting.run()
    adopting.lose("records")
    adopting.release("records")
    adopting.tick()
    adopting.run()
    expect(adopting.a.phase.name).toBe("steady")
    const diverged = new Pair({ a: { log: common }, b: { log: log(5, "other") } })
    diverged.hold("digest")
    diverged.tick()
    diverged.run()
    diverged.lose("digest")
    diverged.release("digest")
    diverged.tick()
    diverged.run()
    expect(diverged.a.phase.name).toBe("stopped")
  })

  test("records that come twice are saved once (I4)", () => {
    const pair = new Pair({ a: { log: common.slice(0, 1) }, b: { log: common } })
    pair.perMessage = 2
    pair.hold("records", "a disk")
    pair.tick()
    pair.run()
    pair.deliver("records")
    const records = pair.copy("records")
    pair.deliver("records")
    pair.late(records)
    pair.release("records", "a disk")
    pair.disk("a")
    pair.late(records)
    pair.run()
    expect(pair.disks.a.records).toEqual(common)
    expect(pair.a.phase.name).toBe("steady")
  })
})
