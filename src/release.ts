// The release of this program, as `--version` and status show it.
export const release = "0.2.0"
