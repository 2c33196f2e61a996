// E-mail addresses: kept as written for display, compared without case.

/** What is unique about an address. */
export function emailKey(email: string): string {
  return email.trim().normalize("NFC").toLowerCase()
}
