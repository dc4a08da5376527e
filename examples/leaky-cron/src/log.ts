// The service's log: one JSON object per line on stdout, as log collectors expect.

type Level = 'info' | 'warn' | 'error';

function write(level: Level, message: string, fields: Record<string, unknown>): void {
  const line = { time: new Date().toISOString(), level, message, ...fields };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export const log = {
  info: (message: string, fields: Record<string, unknown> = {}): void => write('info', message, fields),
  warn: (message: string, fields: Record<string, unknown> = {}): void => write('warn', message, fields),
  error: (message: string, fields: Record<string, unknown> = {}): void => write('error', message, fields),
};

/** What a caught value has to say in a log line. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
