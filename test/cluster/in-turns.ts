// Runs something for each of many items, a few at the same time.

export async function inTurns<Item>(items: readonly Item[], run: (item: Item) => Promise<void>, atOnce = 16): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await run(item)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}
