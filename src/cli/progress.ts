// A progress bar on stderr: share done, rate, time left. Shows nothing before a second has passed, and nothing at all
// where nobody watches.
import { showDuration } from "./quantity.ts"
import type { Terminal } from "./terminal.ts"
import { cutToWidth, textWidth } from "./text-width.ts"

const showAfterMs = 1_000
const redrawMs = 100
const barWidth = 24

export interface Progress {
  readonly label: string
  /** Things done, counted in `unit`. */
  readonly done: number
  readonly unit: string
  /** 0 to 1, or undefined where the end is unknown. */
  readonly share: number | undefined
  readonly elapsedMs: number
  /** Of the terminal: a line that wraps could not be replaced. */
  readonly columns: number
}

export class ProgressBar {
  readonly #terminal: Terminal
  readonly #label: string
  readonly #unit: string
  readonly #startedMs: number
  #drawnMs = 0
  #drawn = false

  constructor(terminal: Terminal, label: string, unit: string) {
    this.#terminal = terminal
    this.#label = label
    this.#unit = unit
    this.#startedMs = terminal.monotonicMs()
  }

  get elapsedMs(): number {
    return this.#terminal.monotonicMs() - this.#startedMs
  }

  at(done: number, share: number | undefined): void {
    if (!this.#terminal.watched) return
    const elapsedMs = this.elapsedMs
    if (elapsedMs < showAfterMs || (this.#drawn && elapsedMs - this.#drawnMs < redrawMs)) return
    this.#drawn = true
    this.#drawnMs = elapsedMs
    this.#terminal.progress(progressLine({ label: this.#label, done, unit: this.#unit, share, elapsedMs, columns: this.#terminal.columns }))
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#drawn) this.#terminal.progress("")
    this.#drawn = false
  }
}

/** For what says nothing until it is done: how long it takes so far. */
export async function whileWaiting<T>(terminal: Terminal, label: string, answer: Promise<T>): Promise<T> {
  if (!terminal.watched) return answer
  const startedMs = terminal.monotonicMs()
  let drawn = false
  const timer = setInterval(() => {
    drawn = true
    terminal.progress(cutToWidth(`${label}, ${showDuration(terminal.monotonicMs() - startedMs)}`, terminal.columns - 1))
  }, showAfterMs)
  try {
    return await answer
  } finally {
    clearInterval(timer)
    if (drawn) terminal.progress("")
  }
}

/** As much as fits: without the bar where the terminal is narrow. */
export function progressLine({ label, done, unit, share, elapsedMs, columns }: Progress): string {
  const rate = elapsedMs === 0 ? 0 : (done * 1_000) / elapsedMs
  const facts = `${label} ${grouped(done)} ${unit}, ${grouped(Math.round(rate))}/s`
  if (share === undefined || share <= 0) return cutToWidth(facts, columns - 1)
  const known = Math.min(1, share)
  const full = Math.round(known * barWidth)
  const leftMs = (elapsedMs / known) * (1 - known)
  const line = `${Math.floor(known * 100)} % ${facts}, ${showDuration(leftMs)} left`
  const withBar = `[${"█".repeat(full)}${"░".repeat(barWidth - full)}] ${line}`
  return textWidth(withBar) < columns ? withBar : cutToWidth(line, columns - 1)
}

export function counted(count: number, one: string, more: string): string {
  return `${grouped(count)} ${count === 1 ? one : more}`
}

/** 1234567 as 1,234,567. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",")
}
