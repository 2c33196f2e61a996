// The client's types of what nodes answer are those that nodes describe: no field that one of them lacks, none of another type.
// Checked by the compiler; what runs here only says so.
import { expect, test } from "bun:test"
import type { GenericSchema, InferOutput } from "valibot"
import type { Change } from "../../src/client/operation.ts"
import type { CollectionDefinition } from "../../src/client/definition.ts"
import type { Document } from "../../src/client/document.ts"
import type { HistoryItem } from "../../src/client/history-item.ts"
import type { LogRecord } from "../../src/client/log-record.ts"
import type { NodeStatus } from "../../src/client/node-status.ts"
import type { Session, StartedSession } from "../../src/client/session.ts"
import type { Issue } from "../../src/client/tandem-error.ts"
import type { Problem } from "../../src/client/problem.ts"
import type { User } from "../../src/client/user.ts"
import type { historyItemShape } from "../../src/http/history-shape.ts"
import type { logItemShape } from "../../src/http/log-shape.ts"
import type { issueShape, problemShape } from "../../src/http/problem-shape.ts"
import type { nodeStatusShape } from "../../src/http/status-shape.ts"
import type { changeShape } from "../../src/operations/change-shape.ts"
import type { definitionShape } from "../../src/operations/definition-shape.ts"
import type { documentShape } from "../../src/operations/document-shape.ts"
import type { sessionEndsShape, sessionShape } from "../../src/operations/session-shape.ts"
import type { userShape } from "../../src/operations/user-shape.ts"

type Fits<Shape extends GenericSchema, Type> = InferOutput<Shape> extends Type
  ? [Exclude<keyof InferOutput<Shape>, keyof Type>, Exclude<keyof Type, keyof InferOutput<Shape>>] extends [never, never]
    ? true
    : "one has a field that the other lacks"
  : "a field is of another type"

test("what nodes describe is what the client takes it for", () => {
  const fits: readonly true[] = [
    true satisfies Fits<typeof userShape, User>,
    true satisfies Fits<typeof documentShape, Document>,
    true satisfies Fits<typeof sessionShape, Session>,
    true satisfies Fits<typeof sessionEndsShape, Omit<StartedSession, "token">>,
    true satisfies Fits<ReturnType<typeof historyItemShape<typeof userShape>>, HistoryItem<User>>,
    true satisfies Fits<typeof logItemShape, LogRecord>,
    true satisfies Fits<typeof nodeStatusShape, NodeStatus>,
    true satisfies Fits<typeof changeShape, Change>,
    true satisfies Fits<typeof definitionShape, CollectionDefinition>,
    true satisfies Fits<typeof issueShape, Issue>,
    true satisfies Fits<typeof problemShape, Problem & { readonly type: string; readonly title: string }>,
  ]
  expect(fits).not.toContain(false)
})
