// Who a user is elsewhere, as operations take it.

export interface Identity {
  /** Who vouches for the user: an OpenID provider's URL, say. */
  readonly issuer: string
  /** What the user is called there, and nobody else. */
  readonly subject: string
}
