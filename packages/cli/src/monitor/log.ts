// The log of a monitor: JSON lines for programs, by pino; readable lines where somebody sits before a terminal.
import type { Say } from '@stackpile/monitor';
import type { CliIo } from '../io.ts';
import { visible } from '../leaks/terminal.ts';
import type { LogOptions } from './command-line.ts';

/** Characters of a sentence, and of what it is about; names come from whoever is watched. */
const MOST_TEXT = 1000;

/** Opens the log on standard error. */
export async function openLog(io: CliIo, { level, format }: LogOptions): Promise<Say> {
  // Loaded by the monitor only: it takes longer than most reports.
  const { pino } = await import('pino');
  const isReadable = (format ?? (io.isTTY.stderr ? 'text' : 'json')) === 'text';
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(io.now()).toISOString()}"`,
      formatters: { level: (name) => ({ level: name }) },
    },
    {
      write: (line: string) => io.stderr.write(isReadable ? readable(line) : line),
    },
  );
  return (sentence, { level: of, ...about }) => {
    const facts = Object.entries(about).map(([name, fact]) => [
      name,
      typeof fact === 'string' ? visible(fact, MOST_TEXT) : fact,
    ]);
    logger[of](Object.fromEntries(facts), visible(sentence, MOST_TEXT));
  };
}

/** A line of the log as people read it: when, how bad where it is, what. */
function readable(line: string): string {
  const { time, level, msg } = JSON.parse(line) as {
    readonly time: string;
    readonly level: string;
    readonly msg: string;
  };
  return `${time} ${level === 'info' ? '' : `${level}: `}${msg}\n`;
}
