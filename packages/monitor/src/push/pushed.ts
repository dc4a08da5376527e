// One profile that somebody has sent: whose it is, when it was taken, and its bytes.

export interface Pushed {
  /** As they were sent; `service_name` and `__name__` among them. */
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since 1970; null where only its arrival is known. */
  readonly time: number | null;
  /** pprof or whatever else is read, packed or not. */
  readonly bytes: Uint8Array;
}

/** How the sender is answered. */
export interface PushAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}
