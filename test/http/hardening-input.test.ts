// What must hold of bad input, line by line, and which tests keep it. Each line leads to tests that are there, by file and name, so
// that none goes without being missed here. What a line says is tested there; nothing is tested twice.
import { expect, test } from "bun:test"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const tests = join(import.meta.dirname, "..")

/** Tests by file; each name as its own file has it. */
type Kept = { readonly [file: string]: readonly string[] }

const everyOperation: Kept = {
  "http/hardening-operations.test.ts": [
    "with data of another form is 422, says all that is wrong, and leaves no trace",
    "as a line, and behind a good operation, is refused alike",
    "is refused to a session and to the public as well, by what it is or by what it asks, and leaves no trace",
    "with what no JSON may hold, wherever it stands, is 400, and leaves no trace",
  ],
}

const list: { readonly [line: string]: Kept } = {
  "unknown keys are refused at every boundary": {
    ...everyOperation,
    "http/bad-input.test.ts": ["with an unknown field is 400 with its pointer"],
    "http/hardening-reads.test.ts": ["with a parameter that is none, is there twice or has a broken escape is 400, and says which"],
    "http/peer-app.test.ts": ["with a field that is missing, unknown or of another type is 400"],
    "operations/document-value.test.ts": ["is told all that is wrong with it at once"],
    "operations/definition-data.test.ts": ["what a field cannot have is named with what it is for", "an empty list is no object"],
    "http/hardening-operations.test.ts": [...(everyOperation["http/hardening-operations.test.ts"] ?? []), "POST /verify with a body of another form is 400, says all that is wrong, and never what it was"],
  },
  "__proto__, constructor and prototype are no keys, and no field is called as what every object has": {
    ...everyOperation,
    "operations/json-rules.test.ts": ["%s is refused at any depth", "also where the key is written with escapes"],
    "operations/definition-data.test.ts": ["a field is not called as something that every object has"],
    "http/hardening-reads.test.ts": ["with a parameter that cannot be is 400, and says which"],
    "http/peer-app.test.ts": ["a signed message does not choose what is done by names that every object has"],
  },
  "nesting of 32 levels, bodies of the setting's size and 1,000 operations are taken, and no more": {
    ...everyOperation,
    "operations/json-rules.test.ts": ["of 32 is allowed, of 33 refused"],
    "http/refusals.test.ts": ["operations beyond 1,000", "a body beyond 1 MiB", "1,000 operations, 32 levels and 2^53 - 1 are taken, and of duplicate keys the last one counts"],
    "http/body.test.ts": ["may be as many as the bound, and not one more, announced or not"],
  },
  "halves of surrogate pairs and NUL are in no text": {
    ...everyOperation,
    "operations/json-rules.test.ts": ["with halves of surrogate pairs are refused, in values and keys", "with NUL are refused, in values and keys"],
    "http/hardening-reads.test.ts": ["with a parameter that cannot be is 400, and says which"],
  },
  "length is checked before any pattern and before any normal form": {
    "operations/fields.test.ts": ["no text is normalised before its length is known: that takes the square of a run of combining marks"],
    "operations/email.test.ts": ["is measured before it is matched"],
  },
  "ids and names have no control characters, keys are in normal form C and 1,024 bytes together": {
    "http/hardening-operations.test.ts": ["with an id that can be none is refused, and leaves no trace"],
    "operations/fields.test.ts": [
      "has 1 to 256 characters, no control characters, in normal form C",
      "a name has 1 to 256 characters and no control characters",
      "the longest id and address that go together fit into the keys of the engine, their past too",
      "an id and an address that are too long together are refused",
    ],
    "operations/document-value.test.ts": ["has short texts where they are indexed"],
    "store/rules.test.ts": ["of the greatest length fit, in every table"],
  },
  "integers beyond 2^53 are refused, not rounded": {
    ...everyOperation,
    "operations/json-rules.test.ts": ["that are integers beyond 2^53 are refused, not rounded"],
    "operations/document-increment.test.ts": ["up to 2^53 it is exact, and beyond it is refused"],
    "http/hardening-reads.test.ts": ["whose value is of another type is 400, and never quotes it"],
  },
  "of duplicate keys the last one counts": {
    "operations/json-rules.test.ts": ["of duplicate keys the last one counts, and the rules hold for the last one"],
    "http/hardening-operations.test.ts": ["of data that is there twice takes the last"],
  },
  "an e-mail address is measured, trimmed, in normal form C, unique without case, and kept as it was written": {
    "operations/email.test.ts": ["is trimmed, in normal form C, and keeps its case for display", "has 254 characters at most, counted without the spaces around it", "knows neither case nor spaces around nor Unicode form"],
    "operations/user-create.test.ts": ["an address belongs to one user, whatever its case, spaces or Unicode form"],
  },
  "a password has 8 to 128 code points, however it was typed, and no other rules": {
    "operations/credential-set-password.test.ts": ["counts code points: 8 to 128", "does not depend on how it was typed", "is all that is asked of it"],
    "runtime/password-hash.test.ts": ["does not depend on how the password was typed (NFKC)"],
  },
  "a password is hashed by argon2id or scrypt, says which, and again by stronger parameters at the next login": {
    "runtime/password-hash.test.ts": ["takes 19 MiB, two passes and one lane at least", "of another service, made by scrypt, is verified under %s", "is outdated where it is of another kind or takes less than those that are made today"],
    "operations/session-create.test.ts": ["gives it a new one, in the version that logs in and once"],
  },
  "an unknown user costs as much as a known one": {
    "operations/verify-password.test.ts": ["a wrong password, an unknown user, a user without a password", "the hash for unknown users is a real one with today's parameters, which no password gives"],
  },
  "tokens and keys are 256 random bits with a prefix, of which only the SHA-256 is kept": {
    "operations/key-create.test.ts": ["shows the key once: 256 random bits with a prefix", "keeps the key nowhere", "that is not quite it speaks for nobody"],
    "operations/token-create.test.ts": ["shows the token once: 256 random bits with a prefix", "keeps the token nowhere, and shows its digest to nobody"],
    "operations/session-create.test.ts": ["by a password or by a user's id shows the token once: 256 random bits with a prefix", "keeps neither token nor password, and its digest is shown to nobody"],
    "http/hardening-reads.test.ts": ["a token that cannot be one is 401, and is not echoed: cut, altered, with more behind it, of another kind, very long"],
  },
  "wrong passwords are slowed down by account and address, in memory, and nobody is locked out": {
    "http/login-throttle.test.ts": ["the delay starts after a few failures, doubles, and never grows beyond half a minute", "the oldest accounts are forgotten where there are too many"],
    "http/login.test.ts": ["has to wait, whatever the account, and no other address has", "is not believed where the settings do not name it", "is believed where they do, and no other is", "cannot be played by a client"],
    "http/hardening-reads.test.ts": ["with an address that nobody signed is not believed, and does no harm"],
  },
  "what a path holds is checked once it is decoded": {
    "http/reads.test.ts": ["decodes the id, and refuses what cannot be one"],
    "http/bad-input.test.ts": ["paths that are none are 404, and those that only others may ask differently are 405"],
  },
  "what a header holds is checked before it is echoed or used": {
    "http/app.test.ts": ["a request id is echoed where it is harmless, and made where it is not"],
    "http/bad-input.test.ts": ["an idempotency key that no header may carry is 400", "an Authorization header of another form is 401, whatever stands in it"],
    "http/hardening-reads.test.ts": ["that is no version is 400, and is not echoed"],
  },
  "values of documents and users are what their definition asks for, whoever writes them": {
    "http/hardening-documents.test.ts": [
      "is refused by document.create, put and patch alike, and says where",
      "is refused as a reference brings it in",
      "is refused by document.increment, of a field that is no number, and of a sum that it does not let in",
      "is refused in the data of a user, made or changed",
      "is told with everything else that is wrong, whatever there is, within a bound",
      "a definition that what is there breaks, or that cannot be, is refused and changes nothing",
    ],
  },
  "cursors go on where they came from, and nowhere else": {
    "http/hardening-reads.test.ts": ["that is cut, altered anywhere, longer, or written otherwise is 400 or the same listing, never another", "of another collection, order, filter, history or version is 400"],
    "http/access-reads.test.ts": ["has cursors that tell nothing of what lies between, and that nobody else can make or read"],
  },
  "a body is read up to its bound and no further, and a connection on which nothing moves is cut": {
    "http/bad-input.test.ts": ["is not read on once it is too large"],
    "runtime/serve.test.ts": ["takes no more of a body than is read, however much is sent"],
    "http/served.test.ts": ["what follows a body that was refused unread is a request of its own"],
    "http/hardening-socket.test.ts": ["a connection on which nothing moves is cut: before a request, within its headers and within its body", "%s is refused or cut, and nothing is done", "the body of a GET, of /openapi.json too, changes no answer and is no request of its own"],
    "http/unsigned-bodies.test.ts": ["are bounded together by bytes, and one without a length may be the longest"],
  },
  "more requests in flight than may be are 503": {
    "http/app.test.ts": ["more requests than may wait are 503, and health still answers"],
    "http/feed/feed-poll.test.ts": ["those that wait take no room from other requests"],
  },
  "a client that goes away changes no outcome": {
    "http/do.test.ts": ["a client that goes away changes nothing"],
    "http/served.test.ts": ["a client that is cut off while its write waits changes nothing", "a body that is cut off does nothing, and is nothing that the operator hears of"],
  },
  "other origins are an exact list": {
    "http/app.test.ts": ["that are listed may read the answer and Tandem's headers", "that are not listed may not, and caches keep them apart", "none are listed by default"],
    "cli/settings.test.ts": ["that are origins have no path"],
  },
  "there are bearer tokens and no cookies, `nosniff` on all and `no-store` on what is secret, and no pages": {
    "http/hardening-socket.test.ts": ["no answer sets a cookie or is a page, and a cookie opens nothing"],
    "http/app.test.ts": ["is for keys that may write, and nothing of its answer is kept"],
    "http/routes.test.ts": ["asked rightly answers those who may, and nobody else"],
  },
  "no error carries a stack, a hash or what belongs to others": {
    "http/app.test.ts": ["is 500 without a stack, and one line on stderr without the message"],
    "http/unexpected.test.ts": ["anything else is one line with its name and places, without its message"],
    "http/problem.test.ts": ["a token of ours is in no problem, whatever was done with it"],
    "operations/issue-message.test.ts": ["of what is not there says so"],
    "http/peer-app.test.ts": ["what breaks in the node is 500 without a word of it, and ends the process where it must"],
  },
  "secrets are in no answer, on no line and in no file, wherever they were put": {
    "http/canary.test.ts": ["a request that fails does not hand its password back", "as of whichever version shows none of them", "the disk holds neither the password nor a key, only hashes", "no operation that takes a secret was forgotten here"],
    "http/canary-elsewhere.test.ts": [
      "a secret in any field of %s that is refused is not quoted",
      "a secret in a path, a query or a header is not quoted",
      "lists with every filter, order and choice of fields, histories, the log, the description and the feed tell none",
      "a stream of changes that %s opens tells none, of the past or as they come",
    ],
    "cluster/canary.test.ts": ["are in nothing that a node says of an operation that throws", "are in no answer of either node, whatever is read", "are in nothing that commands print", "are in nothing that the nodes printed, and on no command line", "are in no file of either node, but for the root key in its own"],
  },
  "the peer client posts, follows nothing, waits for nobody, trusts no proxy and no certificate that it should not": {
    "node/peer-client.test.ts": ["posts %s to a path of its own, signed, and gives the answer", "follows no redirect (%p)", "gives up at its deadline, before the answer and in the middle of it", "says nothing to who has a certificate that nobody vouches for, whatever the environment asks for"],
    "runtime/environment.test.ts": ["under %s proxies are ignored once that is asked for"],
    "cli/serve.test.ts": ["reaches its peer directly, whatever proxies the environment names", "refuses to start where certificates would not be checked, with 78"],
  },
  "files are the owner's alone": {
    "cli/serve.test.ts": ["makes a data directory and files that nobody else may read, whatever the umask is"],
    "http/serve-node.test.ts": ["keeps its files to itself"],
    "store/rules.test.ts": ["and its directory are the owner's alone"],
  },
  "secrets are in no argument, no URL and nothing that a crash says": {
    "cli/help.test.ts": ["of serve says how a flag is named in the environment, and has no flag for a secret itself"],
    "cli/addresses.test.ts": ["is http or https, without query, fragment or a secret in it"],
    "cli/settings.test.ts": ["never show the secret, not even a wrong one"],
    "cli/serve.test.ts": ["says as JSON that it listens, and never its secret or root key"],
    "cli/words.test.ts": ["that are wrong are counted, and not quoted: one may be a piece of a password"],
    "http/serve-node.test.ts": ["ends with %s, says so in one line and none of its words"],
  },
  "a flood of logins slows no write": {
    "cluster/logins.test.ts": ["writes do not wait behind logins: 99 of 100 take less than half of what a login takes in the middle"],
    "operations/passwords.test.ts": ["two run at a time, sixty-four wait, and the next is told to come back, all in their order"],
  },
  "what is refused leaves no trace, whatever it was": {
    ...everyOperation,
    "http/refusals.test.ts": ["a dry run leaves no trace, whatever it does"],
    "http/fuzz.test.ts": ["random requests are answered as declared, and what is refused leaves no trace"],
    "http/access-matrix.test.ts": ["nothing of it left a trace, or was reported"],
    "cluster/bad-input.test.ts": ["leaves a pair as it was, whichever node is asked"],
  },
}

test.each(Object.entries(list))("%s", (_line, kept) => {
  for (const [file, names] of Object.entries(kept)) {
    const path = join(tests, file)
    const text = existsSync(path) ? readFileSync(path, "utf8") : ""
    expect([file, names.filter((name) => !text.includes(`("${name}", `))]).toEqual([file, []])
  }
})
