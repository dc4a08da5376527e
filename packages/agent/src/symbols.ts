// The names behind the synthetic addresses of the profiles that were served, for symbolizers that ask for them afterwards.

/** Addresses that are kept; of more those that were served the longest ago are forgotten. */
const MOST_ADDRESSES = 50_000;

/** Names by address. */
export class SymbolTable {
  readonly #most: number;
  /** By age. An address has less than 53 bits, see `frameAddress`. */
  readonly #names = new Map<number, string>();

  /** @param most addresses that are kept */
  constructor(most: number = MOST_ADDRESSES) {
    this.#most = most;
  }

  /** A profile shows `name` at `address`. */
  learn(address: bigint, name: string): void {
    const key = Number(address);
    this.#names.delete(key);
    this.#names.set(key, name);
    if (this.#names.size <= this.#most) return;
    for (const oldest of this.#names.keys()) {
      this.#names.delete(oldest);
      return;
    }
  }

  /** The name at an address; undefined where no profile that is remembered shows it. */
  nameAt(address: bigint): string | undefined {
    return this.#names.get(Number(address));
  }
}
