// How the benches say what they have measured.

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}

export function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`
}

export function print(text: string): void {
  process.stdout.write(text)
}
