// How many columns of a terminal a text takes: one for most characters, two for wide ones, none for marks that sit on
// another. Escapes that colour it take none.
import { stripVTControlCharacters } from "node:util"

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" })

/** East Asian Wide and Fullwidth (Unicode UAX #11), first and last of each range; emoji are asked for by property. */
const wide: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1b000, 0x1b2ff],
  [0x20000, 0x3fffd],
]

export function textWidth(text: string): number {
  const bare = stripVTControlCharacters(text)
  if (/^[\x20-\x7e]*$/.test(bare)) return bare.length
  let width = 0
  for (const { segment } of graphemes.segment(bare)) width += graphemeWidth(segment)
  return width
}

/** As much of a text without colours as fits, with an ellipsis where something is missing. */
export function cutToWidth(text: string, widthMax: number): string {
  if (textWidth(text) <= widthMax) return text
  let cut = ""
  let width = 0
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text))) {
    width += graphemeWidth(segment)
    if (width > widthMax - 1) break
    cut += segment
  }
  return `${cut}…`
}

function graphemeWidth(grapheme: string): number {
  const point = grapheme.codePointAt(0) ?? 0
  if (/^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u.test(grapheme)) return 0
  const isWide = wide.some(([first, last]) => point >= first && point <= last)
  return isWide || /^\p{Emoji_Presentation}|\ufe0f/u.test(grapheme) ? 2 : 1
}
