// Which runtime this is. Everything that depends on it is in this folder.

interface DenoFile {
  tryLockSync(exclusive: boolean): boolean
}

interface DenoServer {
  readonly addr: { readonly port: number }
  shutdown(): Promise<void>
}

/** The part of Deno that Tandem uses. */
export interface DenoRuntime {
  openSync(path: string, options: { readonly create: boolean; readonly write: boolean; readonly mode: number }): DenoFile
  serve(
    options: { readonly hostname: string; readonly port: number; readonly onListen: () => void },
    handler: (request: Request, info: { readonly completed: Promise<void>; readonly remoteAddr: { readonly hostname?: string } }) => Response | Promise<Response>,
  ): DenoServer
}

/** Defined under Deno only. */
export const deno: DenoRuntime | undefined = (globalThis as { readonly Deno?: DenoRuntime }).Deno
