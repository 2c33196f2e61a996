// Every command, in the order the overview shows them. One line each.
import type { Command } from "./command.ts"
import { backup } from "./backup.ts"
import { dev } from "./dev.ts"
import { doCommand } from "./do.ts"
import { exportCommand } from "./export.ts"
import { get } from "./get.ts"
import { handover } from "./handover.ts"
import { importCommand } from "./import.ts"
import { log } from "./log.ts"
import { promote } from "./promote.ts"
import { rejoin } from "./rejoin.ts"
import { restoreCommand } from "./restore.ts"
import { serve } from "./serve.ts"
import { solo } from "./solo.ts"
import { status } from "./status.ts"
import { verify } from "./verify.ts"

export const commands: readonly Command[] = [dev, serve, status, doCommand, get, log, importCommand, exportCommand, verify, backup, restoreCommand, promote, solo, handover, rejoin]
