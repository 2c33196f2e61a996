// Every limit of Tandem, in one place, with its unit. Settings may change those that say so.

export const bounds = {
  /** Body of one public request; `--max-body` changes it. */
  bodyBytesMax: 1024 * 1024,
  /** One line of POST /do/stream, and so the largest single transaction an import can carry. */
  streamLineBytesMax: 8 * 1024 * 1024,
  /** Transactions of one stream that may wait for their outcome at the same time. */
  streamInFlightMax: 256,
  /** Without a line for this long, POST /do/stream ends. */
  streamIdleMs: 600_000,
  operationsMax: 1_000,
  jsonDepthMax: 32,
  /** Of what is wrong with a request, that its answer lists; and how much of a name that the client has sent it says in a sentence. */
  issuesMax: 1_000,
  quotedLengthMax: 64,
  /** Collection, id and index value together, as UTF-8. */
  keyBytesMax: 1_024,
  idLengthMax: 256,
  collectionNameLengthMax: 63,
  emailLengthMax: 254,
  nameLengthMax: 256,
  noteLengthMax: 1_024,
  idempotencyKeyLengthMax: 256,
  requestIdLengthMax: 128,
  passwordPointsMin: 8,
  passwordPointsMax: 128,
  /** UTF-16 units before normal form C, which may shorten a password to a quarter; what is longer is not looked at. */
  passwordLengthMax: 1_024,
  pageLimitMax: 500,
  pageLimitDefault: 50,
  /** Rows a page looks at before it returns short, with a cursor. */
  pageScanMax: 10_000,
  /** Entities that a list may put in order in memory, where an equality leaves so few of them that no index need be walked for the order. */
  sortInMemoryMax: 1_000,
  /** Index entries, those of other versions included, that are looked at to find out whether there are so few. */
  planScanMax: 4_000,
  /** Entities that `count=true` looks at; where there are more, the answer says so. */
  countScanMax: 10_000,
  /** Text in an index, as UTF-8. */
  indexedTextBytesMax: 512,
  /** Rows of one page or history together; the first may be larger. */
  pageBytesMax: 16 * 1024 * 1024,
  /** Records that one page of a history opens, together; the first may be larger. Opening takes 3 ms for each MiB. */
  historyRecordBytesMax: 16 * 1024 * 1024,
  /** Records that one page of the change feed looks at: where a filter leaves little, a page may be empty and still go on. */
  feedRecordsMax: 1_000,
  /** The same in bytes; the first may be larger. */
  feedBytesMax: 4 * 1024 * 1024,
  /** Who waits for changes, long polls and streams together, before more are answered with 503. */
  feedSubscribersMax: 10_000,
  /** How long a long poll may wait. */
  feedWaitMsMax: 60_000,
  /** A stream that shows nothing for this long says that it is alive; below `idleConnectionSeconds`, which cuts who takes nothing. */
  feedHeartbeatMs: 15_000,
  /** A stream whose reader takes nothing for this long is ended. */
  feedStallMs: 30_000,
  /** A node that may not answer reads shows nothing; after this long it ends its streams. */
  feedPauseMs: 10_000,
  /** How often those that wait are looked after where nothing is committed. */
  feedTickMs: 1_000,
  /** How long those that wait are served in one go, and what they are sent, before everything else has its turn. */
  feedSliceMs: 2,
  feedSliceBytesMax: 1024 * 1024,
  /** While writes go on, how much longer than such a slice took everything else has its turn. */
  feedRestFactor: 3,
  /** Versions that are encoded together for a stream, and their records' bytes; the first may be larger. */
  feedChunkVersions: 128,
  feedChunkBytesMax: 64 * 1024,
  /** Encoded changes that are kept for readers of the same. */
  feedCacheBytesMax: 16 * 1024 * 1024,
  /** What a stream hands to its connection before its reader takes some. */
  feedQueueBytesMax: 32 * 1024,
  /** Larger ones are handed over in pieces; those under way, together. */
  feedPieceBytesMax: 64 * 1024,
  feedHeldBytesMax: 128 * 1024 * 1024,
  /** Names in the feed's filter `collections`. */
  feedCollectionsMax: 64,
  /** Sessions of a user, and one-time tokens of one, of which the oldest make room; and identities, of which no more are taken. */
  accountEntriesMax: 256,
  /** The `data` of a session as JSON: they are listed together. */
  sessionDataLengthMax: 4_096,
  /** How long a session or a token may live, shortest and longest. */
  lifeMsMin: 1_000,
  lifeMsMax: 3_650 * 86_400_000,
  /** Collections whose access rules are remembered. */
  rulesKnownMax: 4_096,
  /** Tokens whose principal is remembered. */
  bearersKnownMax: 10_000,
  /** A token that a client hands in. */
  tokenLengthMax: 256,
  /** Rows that a transaction has looked at and keeps; the text of others is read again when it is asked for. */
  rowBytesKeptMax: 8 * 1024 * 1024,
  /** Of a definition; and its fields as JSON. */
  fieldsMax: 100,
  fieldNameLengthMax: 63,
  enumValuesMax: 100,
  definitionLengthMax: 64 * 1024,
  /** Indexes of a collection: each costs an entry for every document, and every document carries them all. */
  indexesMax: 16,
  /** Documents that may go, or lose a reference, with what one transaction deletes. */
  cascadeDocumentsMax: 10_000,
  /** Up to here a new definition checks and indexes what is there within its own transaction. */
  inlineDocumentsMax: 1_000,
  inlineBytesMax: 1024 * 1024,
  /** And all definitions of one transaction together. */
  lookedThroughMax: 20_000,
  /** Documents that one transaction of an index build gives their terms. */
  fillDocumentsMax: 250,
  fillBytesMax: 256 * 1024,
  /** Records that came while the documents of a large collection were checked, which its definition looks through again. */
  recheckRecordsMax: 10_000,
  /** Documents that one `collection.drop` may take with it. */
  dropDocumentsMax: 10_000,
  /** Entities that the reverts of one transaction may look at. */
  revertEntitiesMax: 20_000,
  /** What entities were before a version and are now, together: a revert holds both in memory. */
  revertBytesMax: 64 * 1024 * 1024,
  /** Rows that one transaction takes the place of, together: they move into history, at 4 ms for each MiB. */
  supersededBytesMax: 64 * 1024 * 1024,
  /** Transactions in one batch. */
  batchCountMax: 512,
  /** How long a batch waits for clients that were just answered. */
  gatherMsMax: 1,
  /** Record bytes in one batch; one larger record makes a batch of its own. */
  batchBytesMax: 4 * 1024 * 1024,
  /** One record; a batch and its largest record fit into one peer message. A small patch of a large document makes a large record. */
  recordBytesMax: 32 * 1024 * 1024,
  /** What the references of one transaction may take from earlier results: each may take much, and be taken from in turn. */
  referencedBytesMax: 1024 * 1024,
  /** Body of one peer message. */
  peerBodyBytesMax: 64 * 1024 * 1024,
  /** A copy of the whole data is given in chunks of this size, each in a message; of other sizes this is the most. */
  snapshotChunkBytes: 4 * 1024 * 1024,
  /** Chunks that are asked for at the same time. */
  snapshotAsksMax: 4,
  /** How much longer than a chunk kept the process busy everything else has its turn. */
  snapshotRestFactor: 1,
  /** How long to wait before who had no copy, or no answer, is asked again. */
  snapshotRetryMs: 500,
  /** A copy that nobody asks for is removed after this long. */
  snapshotKeepMs: 3_600_000,
  /** The same while the pair is in sync. */
  snapshotInSyncKeepMs: 10_000,
  /** Damaged or unfit copies in a row, after which fetching is given up until the next start. */
  snapshotTriesMax: 3,
  /** What one transaction of the trimming takes away, and the record bytes it looks at. */
  trimKeysMax: 1_000,
  trimBytesMax: 4 * 1024 * 1024,
  /** What one transaction of an undo takes back, and the record bytes it looks at; the first record may have more. */
  undoKeysMax: 10_000,
  undoBytesMax: 16 * 1024 * 1024,
  /** How many times as long as it took it then leaves the disk to others. */
  trimPauses: 2,
  /** What one transaction of a data file's way to a newer format copies. */
  migrateEntriesMax: 20_000,
  migrateBytesMax: 16 * 1024 * 1024,
  /** The longest age that retention may keep, 200 years. */
  retentionAgeMsMax: 73_000 * 86_400_000,
  /** When a node that makes backups by itself makes the first, how often then, and how many it keeps. */
  backupFirstMs: 60_000,
  backupEveryMs: 86_400_000,
  backupKeep: 7,
  /** How far above what backup and log tell of the reign begins of a pair that is restored: more than it can have had since. */
  restoredEpochGap: 1_000,
  /** How often what was committed is shipped to where `--ship-to` says, and what one segment holds; the last record may go beyond it. */
  shipEveryMs: 1_000,
  /** How long object storage may take over one call. */
  storageTimeoutMs: 120_000,
  segmentBytesMax: 4 * 1024 * 1024,
  /** How often the primary looks whether the horizon should move. */
  retentionCheckMs: 1_000,
  /** How long sessions and tokens are kept after their end; how often they are looked through, and how many in one go. */
  expiredGraceMs: 86_400_000,
  sweepFirstMs: 60_000,
  sweepPauseMs: 3_600_000,
  sweepPageMax: 200,
  /** When a node begins to read all that it has stored, how long it does so of each tick, and how long it rests after a pass. */
  scrubFirstMs: 5_000,
  scrubSliceMs: 1,
  scrubPauseMs: 3_600_000,
  /** Requests that may wait for the writer before more are answered with 503. */
  queueCountMax: 4_096,
  queueBytesMax: 64 * 1024 * 1024,
  /** Bodies whose signature is not known yet, together: anybody who reaches the peer listener may send some. */
  peerUnsignedBytesMax: 160 * 1024 * 1024,
  peerUnsignedCountMax: 256,
  /** A connection on which no byte moves for this long is cut. */
  idleConnectionSeconds: 60,
  /** Public requests in flight before more are answered with 503. */
  requestsInFlightMax: 8_192,
  /** Wrong passwords of one account, and from one address, before the next try has to wait. */
  loginFailuresFree: 5,
  loginFailuresFreeOfAddress: 50,
  /** The first delay; each further failure doubles it. */
  loginDelayMsFirst: 1_000,
  loginDelayMsMax: 30_000,
  /** After this much quiet the failures are forgotten. */
  loginForgetMs: 15 * 60_000,
  /** Accounts, and addresses, whose failures are remembered. */
  loginFailuresKnownMax: 10_000,
  hashConcurrencyMax: 2,
  hashQueueMax: 64,
  /** `Tandem-Min-Version` and `at` on a replica wait this long at most. */
  versionWaitMs: 5_000,
  tickMs: 100,
  heartbeatMs: 1_000,
  peerTimeoutMs: 5_000,
  syncTimeoutMs: 30_000,
  leaseMs: 10_000,
  /** Between attempts to sync again, when a primary stays up although stuck. */
  stuckRetryMs: 1_000,
  /** After this much quiet the committed number is written by itself. */
  idleFlushMs: 200,
  watchdogMs: 20_000,
  /** Time that requests in flight get after SIGTERM. */
  drainMs: 10_000,
  /** Free space below which writes are refused. */
  diskFloorBytes: 64 * 1024 * 1024,
  diskCheckMs: 1_000,
} as const
