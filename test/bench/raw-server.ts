// What Tandem is measured against: the bare HTTP server of the runtime, answering a body of the same size and, for a
// POST, parsing what it is sent.
const [port = "0", body = "{}"] = process.argv.slice(2)

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  fetch(request) {
    if (request.method === "GET") return new Response(body, { headers: { "content-type": "application/json" } })
    return request.json().then((parsed) => Response.json({ version: 1, time: "2026-01-01T00:00:00.000Z", results: [parsed] }))
  },
})
process.stdout.write("listening\n")
