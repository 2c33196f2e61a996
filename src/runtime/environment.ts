// The only place that reads the environment.

export function environmentVariable(name: string): string | undefined {
  return process.env[name]
}

/** A proxy cannot know what listens on this machine, so what goes to it never goes through one. */
export function reachLoopbackDirectly(): void {
  for (const name of ["NO_PROXY", "no_proxy"]) {
    const others = process.env[name] ?? ""
    process.env[name] = `${others === "" ? "" : `${others},`}localhost,127.0.0.1,::1,[::1]`
  }
}

/** The runtime's fetch obeys proxy variables even for loopback; peers are reached directly. */
export function ignoreProxies(): void {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]) delete process.env[name]
}
