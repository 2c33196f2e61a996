// The description of the whole public API: OpenAPI 3.1, made from the route table and the registry of operations that serve
// requests. Never says anything of its own about a route or an operation: each describes itself.
import type { GenericSchema } from "valibot"
import type { Operation } from "../../operations/operation.ts"
import type { RefusalCode } from "../../refusal.ts"
import { release } from "../../release.ts"
import { answerHeaders, retryAfterHeader } from "../answer-headers.ts"
import { ExampleParameters } from "./example-parameters.ts"
import { componentRef, type JsonSchema, JsonSchemas } from "./json-schemas.ts"
import { namedSchemas } from "./named-schemas.ts"
import { nameOperations, operationComponents, pascal, withReferences } from "./openapi-operations.ts"
import type { Described } from "../parameter.ts"
import { pathParameters } from "../path-parameters.ts"
import { statusOf, titleOf } from "../problem.ts"
import { problemShape } from "../problem-shape.ts"
import { requestIdHeader } from "../request-id.ts"
import { type About, codesOf, type Content, type Route } from "../route.ts"

export function openApiDocument(routes: readonly Route[], operations: readonly Operation<unknown>[]): JsonSchema {
  const schemas = new JsonSchemas()
  for (const [name, schema] of Object.entries(namedSchemas)) schemas.name(name, schema)
  nameOperations(schemas, operations)
  const paths: { [path: string]: { [method: string]: JsonSchema } } = {}
  for (const route of routes) {
    for (const { path, ...one } of casesOf(route)) {
      const at = (paths[path.replace(/:(\w+)/g, "{$1}")] ??= {})
      at[route.method.toLowerCase()] = operationOf(schemas, route, path, one)
    }
  }
  const composed = operationComponents(schemas, operations)
  const headers = Object.fromEntries(answerHeaders.map((header) => [written(header), headerOf(schemas, header)]))
  const named = schemas.finish()
  for (const { name, secretFields } of operations) {
    const data = `${pascal(name)}Data`
    named[data] = withReferences(named[data] ?? {}, secretFields)
  }
  return {
    openapi: "3.1.0",
    jsonSchemaDialect: "https://spec.openapis.org/oas/3.1/dialect/base",
    info: {
      title: "Tandem",
      version: release,
      summary: "Users, credentials, sessions and any other data a web app has; every write on both disks of a pair.",
      description:
        "Reads are `GET`, and `HEAD` wherever that is; all writes are transactions of operations, sent to `POST /do`. Errors are problem documents (RFC 9457) whose `code` is one of a closed list. " +
        "Every answer carries `Tandem-Version`, the version that it reflects.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { ...named, ...composed },
      headers,
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key with the scopes that a route or an operation needs (`x-tandem-scope`); `admin` includes all others." },
        session: { type: "http", scheme: "bearer", description: "A session's token, which acts as its user: it sees and does what access rules let the user, and what it may not see is 404." },
      },
    },
  }
}

type Case = Pick<About, "name" | "summary" | "details" | "answer" | "example">

/** What the document tells of a route: of its path, and of those within it that answer something of their own. */
function casesOf({ path, about }: Route): readonly (Case & { readonly path: string })[] {
  return [...(about.cases ?? []), { path, ...about }]
}

function operationOf(schemas: JsonSchemas, route: Route, path: string, { name, summary, details, answer, example }: Case): JsonSchema {
  const { scope, about } = route
  const { body, answerType = "application/json", answerHeaders: own = [], alternative, filters, headers, query } = about
  const examples = new ExampleParameters(path, example.path)
  return {
    operationId: name,
    summary,
    ...(details === undefined ? {} : { description: details }),
    parameters: [
      ...pathParameters(path).map((parameter) => parameterOf(schemas, "path", parameter, examples.inPath(parameter))),
      ...query.map((parameter) => parameterOf(schemas, "query", parameter, examples.inQuery(parameter))),
      ...(filters === undefined ? [] : [{ ...parameterOf(schemas, "query", filters, examples.others(query)), style: "form", explode: true }]),
      ...[...headers, requestIdHeader].map((parameter) => parameterOf(schemas, "header", parameter)),
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: { [body.type]: { schema: contentOf(schemas, body), ...exampleOf(body.type, example.body) } } } }),
    responses: {
      200: {
        description: summary,
        headers: headerRefs([...always, ...own]),
        content: {
          [answerType]: { schema: schemas.of(answer), ...exampleOf(answerType, example.answer) },
          ...(alternative === undefined ? {} : { [alternative.type]: { schema: schemas.of(alternative.schema), example: alternative.example } }),
        },
      },
      ...(headers.some((header) => header.name === "if-none-match") ? { 304: { description: "The client has it already.", headers: headerRefs([...always, ...own]) } } : {}),
      ...problemsOf(schemas, codesOf(route)),
    },
    security: securityOf(route),
    "x-tandem-scope": scope,
  }
}

/** Any of these is enough; `{}` is none at all. */
function securityOf({ scope, also }: Route): readonly JsonSchema[] {
  if (scope === "public") return []
  return [{ key: [] }, ...(also === undefined ? [] : [{ session: [] }]), ...(also === "everyone" ? [{}] : [])]
}

const always = answerHeaders.filter(({ name }) => name.startsWith("tandem-"))

function headerRefs(headers: readonly Described[]): JsonSchema {
  return Object.fromEntries(headers.map((header) => [written(header), { $ref: `#/components/headers/${written(header)}` }]))
}

function headerOf(schemas: JsonSchemas, { description, schema }: Described): JsonSchema {
  return { description, schema: schemas.of(schema), ...(isOptional(schema) ? {} : { required: true }) }
}

function parameterOf(schemas: JsonSchemas, place: "path" | "query" | "header", parameter: Described, example?: unknown): JsonSchema {
  const { name, description, schema } = parameter
  const isNeeded = !isOptional(schema)
  return { name: place === "header" ? written(parameter) : name, in: place, description, ...(isNeeded ? { required: true } : {}), schema: schemas.of(schema), ...(example === undefined ? {} : { example }) }
}

function isOptional(schema: GenericSchema): boolean {
  return schema.type === "optional"
}

/** A header's name as it is usually written. */
function written({ name }: Described): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())
}

function contentOf(schemas: JsonSchemas, { schema }: Content): JsonSchema {
  return "component" in schema ? { $ref: componentRef(schema.component) } : schemas.of(schema)
}

/** Of lines the first one, since a schema is that of a line. */
function exampleOf(type: string, value: unknown): { readonly example?: unknown } {
  if (value === undefined) return {}
  return { example: type === lines && typeof value === "string" ? (JSON.parse(value.slice(0, value.indexOf("\n"))) as unknown) : value }
}

const lines = "application/x-ndjson"

/** One answer for each status, with the codes that it may have. */
function problemsOf(schemas: JsonSchemas, codes: readonly RefusalCode[]): JsonSchema {
  const byStatus = Map.groupBy(codes, statusOf)
  return Object.fromEntries(
    [...byStatus].map(([status, found]) => [
      status,
      {
        description: found.map((code) => `\`${code}\`: ${titleOf(code)}.`).join(" "),
        ...(status === 429 || status === 503 ? { headers: headerRefs([retryAfterHeader]) } : {}),
        content: { "application/problem+json": { schema: { allOf: [schemas.of(problemShape)], properties: { status: { const: status }, code: { enum: [...found] } } } } },
      },
    ]),
  )
}
