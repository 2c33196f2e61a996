// What is on disk is not what this release wrote: damaged, or of another format. Ends the process; never repaired silently.

export class StoreDamaged extends Error {
  constructor(detail: string) {
    super(detail)
    this.name = "StoreDamaged"
  }
}
