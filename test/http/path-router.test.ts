// One route per path, the most literal one.
import { expect, test } from "bun:test"
import { PathRouter } from "../../src/http/path-router.ts"

const router = new PathRouter<string>()
router.add("GET", "/:collection/:id", "entity")
router.add("GET", "/log/:version", "record")
router.add("GET", "/status/verify", "check")
router.add("GET", "/:collection", "page")
router.add("POST", "/do", "do")
router.add("POST", "/do/stream", "stream")
router.add("GET", "/do/:key", "outcome")

test("the more literal pattern answers, whatever the order of adding", () => {
  expect(router.match("GET", "/users/7")).toEqual([[["entity", { collection: "users", id: "7" }]]])
  expect(router.match("GET", "/log/7")).toEqual([[["record", { version: "7" }]]])
  expect(router.match("GET", "/status/verify")).toEqual([[["check", {}]]])
  expect(router.match("GET", "/status/other")).toEqual([[["entity", { collection: "status", id: "other" }]]])
})

test("empty segments and other lengths match nothing", () => {
  for (const path of ["/", "//", "/users/", "//7", "/a/b/c", ""]) expect(router.match("GET", path)).toEqual([[]])
})

test("the methods of a path are those of its most literal pattern", () => {
  expect(router.methodsAt("/do")).toEqual(["POST"])
  expect(router.methodsAt("/do/stream")).toEqual(["POST"])
  expect(router.methodsAt("/do/k")).toEqual(["GET"])
  expect(router.methodsAt("/users")).toEqual(["GET"])
  expect(router.methodsAt("/a/b/c")).toEqual([])
})
