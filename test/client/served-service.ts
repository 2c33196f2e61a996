// A client whose requests a public app answers in the same process: what the one writes is what the other reads.
import { createService, type Service, type ServiceOptions } from "../../src/client/service.ts"
import { type Harness, rootToken } from "../http/harness.ts"

export function servedService({ app }: Harness, options: Partial<ServiceOptions> = {}): Service {
  const fetch = async (url: string, init: RequestInit): Promise<Response> => app.fetch(new Request(url, init))
  return createService({ url: "http://tandem.test", token: rootToken, ...options, surroundings: { fetch } })
}

export async function listed<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}
