/** Tokens whose signature was good: clients show the same one with each call, and to verify it costs more than many a call. */

const MAX_TOKENS = 1024;

export class VerifiedTokens<Claims> {
  /** The oldest first. */
  readonly #claims: Map<string, Claims> = new Map();

  claimsOf(token: string): Claims | undefined {
    return this.#claims.get(token);
  }

  add(token: string, claims: Claims): void {
    if (this.#claims.size >= MAX_TOKENS) {
      const [oldest] = this.#claims.keys();
      this.#claims.delete(oldest!);
    }
    this.#claims.set(token, claims);
  }

  forgetAll(): void {
    this.#claims.clear();
  }
}
