// The only place that reads the environment.

export function environmentVariable(name: string): string | undefined {
  return process.env[name]
}

/** The runtime's fetch obeys proxy variables even for loopback; peers are reached directly. */
export function ignoreProxies(): void {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]) delete process.env[name]
}
