// Tells alerts to others over HTTP: as they are, as Slack reads them, or as Alertmanager does.
import { setTimeout as delay } from 'node:timers/promises';
import type { Alert } from './alerts.ts';

export type NoticeForm = 'json' | 'slack' | 'alertmanager';

export interface Receiver {
  /** `http:` or `https:` */
  readonly url: string;
  readonly form: NoticeForm;
  readonly headers: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 10_000;
/** Between two tries, in milliseconds. */
export const WAITS_MS: readonly number[] = [1000, 5000, 30_000];

/** What a receiver is sent. */
export function bodyOf(alert: Alert, form: NoticeForm): string {
  switch (form) {
    case 'json':
      return JSON.stringify(alert);
    case 'slack':
      return JSON.stringify({ text: slackText(alert) });
    case 'alertmanager':
      return JSON.stringify([
        {
          labels: {
            ...alert.labels,
            alertname: 'StackpileLeak',
            target: alert.target,
            function: alert.function,
            file: `${alert.file}:${alert.line}`,
            evidence: alert.evidence,
          },
          annotations: { summary: alert.sentence, description: alert.stack.join('\n'), link: alert.link },
          generatorURL: alert.link,
          startsAt: new Date(alert.since).toISOString(),
          ...(alert.status === 'resolved' ? { endsAt: new Date(alert.time).toISOString() } : {}),
        },
      ]);
  }
}

/** Slack's own three characters are written as it asks for: no name of a function becomes a link or calls a channel. */
function slackText({ status, target, sentence, file, line, link }: Alert): string {
  const escaped = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const head = status === 'firing' ? ':rotating_light: Leak' : ':white_check_mark: No longer leaking';
  return `${escaped(`${head} in ${target}: ${sentence}${file === '' ? '' : ` (${file}:${line})`}`)} <${escaped(link)}|what was seen>`;
}

/** What became of a notice: `later` may be another time. */
export type Outcome = 'taken' | 'refused' | 'later';

/** Sends one notice; `later` where nobody took it after some tries. */
export async function notify(
  receiver: Receiver,
  alert: Alert,
  signal: AbortSignal,
  waits: readonly number[] = WAITS_MS,
): Promise<Outcome> {
  for (const wait of [...waits, null]) {
    const answer = await send(receiver, bodyOf(alert, receiver.form), signal);
    // What was refused for good is not sent again.
    if (answer !== 'later' || wait === null) return answer;
    await delay(wait, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return 'later';
  }
  return 'later';
}

async function send({ url, headers }: Receiver, body: string, signal: AbortSignal): Promise<Outcome> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await answer.body?.cancel();
    if (answer.ok) return 'taken';
    return answer.status >= 500 || answer.status === 429 ? 'later' : 'refused';
  } catch {
    return 'later';
  }
}
