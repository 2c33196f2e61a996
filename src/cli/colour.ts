// ANSI colours, for a terminal that shows them. Text goes through untouched where it does not.

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const

export type Colour = keyof typeof codes
export type Paint = (colour: Colour, text: string) => string

export function paintFor({ colours }: { readonly colours: boolean }): Paint {
  if (!colours) return (_, text) => text
  return (colour, text) => `\u001b[${codes[colour][0]}m${text}\u001b[${codes[colour][1]}m`
}
