// A wake-up for the workers: however often new work is announced, one round of work answers it.

export class NewTask {
  #announced = false;
  #idle: (() => void)[] = [];

  /** Wakes one idle worker, or the next one that becomes idle. Never queues a second wake-up. */
  announce(): void {
    const wake = this.#idle.shift();
    if (wake) wake();
    else this.#announced = true;
  }

  /** Resolves at the next announcement. */
  next(): Promise<void> {
    if (this.#announced) {
      this.#announced = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
