// The schemas that have a name of their own in the description at /openapi.json; all others stand where they are used.
import type { GenericSchema } from "valibot"
import { changeShape } from "../../operations/change-shape.ts"
import { accessShape, definitionShape, fieldShape, indexShape } from "../../operations/definition-shape.ts"
import { documentShape } from "../../operations/document-shape.ts"
import { durationField } from "../../operations/durations.ts"
import { timeShape, versionShape } from "../../operations/entity-shape.ts"
import { conditionShape } from "../../operations/envelope-shape.ts"
import { collectionNameField, emailField, idField, jsonObjectField, nameField, passwordField, timeField } from "../../operations/fields.ts"
import { sessionShape } from "../../operations/session-shape.ts"
import { userShape } from "../../operations/user-shape.ts"
import { committedShape, lineAnswerShape, outcomeShape, resultShape } from "../do-shape.ts"
import { feedItemShape } from "../feed/feed-shape.ts"
import { diffStepShape } from "../history-shape.ts"
import { logItemShape } from "../log-shape.ts"
import { issueShape, problemShape } from "../problem-shape.ts"
import { nodeStatusShape, storeCheckShape } from "../status-shape.ts"

export const namedSchemas: { readonly [name: string]: GenericSchema } = {
  Id: idField,
  Name: nameField,
  CollectionName: collectionNameField,
  Email: emailField,
  Password: passwordField,
  Duration: durationField,
  GivenTime: timeField,
  Time: timeShape,
  Version: versionShape,
  JsonObject: jsonObjectField,
  Condition: conditionShape,
  User: userShape,
  Document: documentShape,
  Definition: definitionShape,
  Field: fieldShape,
  Access: accessShape,
  Index: indexShape,
  Session: sessionShape,
  Change: changeShape,
  DiffStep: diffStepShape,
  FeedItem: feedItemShape,
  LogItem: logItemShape,
  NodeStatus: nodeStatusShape,
  StoreCheck: storeCheckShape,
  Result: resultShape,
  Committed: committedShape,
  LineAnswer: lineAnswerShape,
  Outcome: outcomeShape,
  Problem: problemShape,
  Issue: issueShape,
}
