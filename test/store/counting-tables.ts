// Tables that count what is read of them.
import { type Range, type Table, tableNames, type Tables } from "../../src/store/tables.ts"

export class Reads {
  /** Gets, ranges begun and entries given. */
  count = 0

  of(tables: Tables): Tables {
    return Object.fromEntries(tableNames.map((name) => [name, this.#counting(tables[name])])) as Tables
  }

  #counting(table: Table): Table {
    const reads = this
    return {
      get: (key) => {
        reads.count++
        return table.get(key)
      },
      put: (key, value) => table.put(key, value),
      remove: (key) => table.remove(key),
      *getRange(range: Range) {
        reads.count++
        for (const entry of table.getRange(range)) {
          reads.count++
          yield entry
        }
      },
      *getKeys(range: Range) {
        reads.count++
        for (const key of table.getKeys(range)) {
          reads.count++
          yield key
        }
      },
    }
  }
}
