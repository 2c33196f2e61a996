// Ids and tokens in examples that the server makes in real life. The tokens are none: they lead nowhere.

export const exampleIds = {
  session: "019caa13-0c80-7000-8000-000000000001",
  key: "019caa13-0c80-7000-8000-000000000002",
  oneTimeToken: "019caa13-0c80-7000-8000-000000000003",
} as const

export const exampleTokens = {
  session: "ts_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
  key: "tk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
  oneTime: "to_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
} as const
