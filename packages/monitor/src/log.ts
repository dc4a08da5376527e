// What a monitor logs: one sentence for people, and for programs what it is about. Neither holds a credential.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What a sentence is about. */
export interface Logged {
  readonly level: LogLevel;
  /** The same for all sentences of a kind, for those who filter. */
  readonly event:
    | 'started'
    | 'look'
    | 'target_down'
    | 'target_up'
    | 'target_twice'
    | 'not_kept'
    | 'leak'
    | 'leak_resolved'
    | 'alert_not_sent'
    | 'discovery_failed'
    | 'forwarding'
    | 'reloaded'
    | 'reload_failed'
    | 'upkeep_failed';
  /** `shop 10.0.0.1:6060` */
  readonly target?: string;
  readonly [fact: string]: string | number | undefined;
}

/** Takes one entry of the log. */
export type Say = (sentence: string, about: Logged) => void;
