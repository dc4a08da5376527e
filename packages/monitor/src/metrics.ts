// What Prometheus scrapes of a monitor: how its targets are, what is alarming, and the stacks that grow.
import type { Alert } from './alerts.ts';
import type { Grower } from './growers.ts';
import type { TargetState } from './target.ts';

type Labels = Readonly<Record<string, string | number>>;

/** In the exposition format: only these three characters are escaped. */
function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(
    ([key, text]) =>
      `${key.replaceAll(/\W/g, '_')}="${String(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

function family(name: string, help: string, samples: readonly string[]): string[] {
  return samples.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples];
}

/** 1 for a leak, 0 for none, 0.5 where it could not be told. */
const VERDICTS = { leak: 1, none: 0, unsure: 0.5 } as const;

export function metricsText(
  targets: readonly TargetState[],
  alerts: readonly Alert[],
  growers: readonly Grower[],
): string {
  const of = (name: string, value: (state: TargetState) => number | null): string[] =>
    targets.flatMap((state) => {
      const one = value(state);
      return one === null ? [] : [sample(name, state.labels, one)];
    });
  const lines = [
    ...family(
      'stackpile_target_up',
      'Whether the target answered at the last look.',
      of('stackpile_target_up', ({ up }) => (up === null ? null : Number(up))),
    ),
    ...family(
      'stackpile_target_last_look_seconds',
      'When the target was looked at last, in seconds since 1970.',
      of('stackpile_target_last_look_seconds', ({ time }) => (time === null ? null : time / 1000)),
    ),
    ...family(
      'stackpile_target_look_duration_seconds',
      'How long the last look took.',
      of('stackpile_target_look_duration_seconds', ({ took, time }) => (time === null ? null : took / 1000)),
    ),
    ...family(
      'stackpile_target_leaks',
      '1 where the target leaks, 0 where nothing grows, 0.5 where it could not be told.',
      of('stackpile_target_leaks', ({ verdict }) => (verdict === null ? null : VERDICTS[verdict.kind])),
    ),
    ...family(
      'stackpile_alert',
      'A leak that is alarming, by the place to mend.',
      alerts.map((alert) =>
        sample(
          'stackpile_alert',
          {
            ...alert.labels,
            function: alert.function,
            file: alert.file,
            line: alert.line,
            evidence: alert.evidence,
          },
          1,
        ),
      ),
    ),
    ...family(
      'stackpile_stack_growth_per_hour',
      'How fast the stacks grow that grow most, in the unit of the sample type.',
      growers.map(({ series, stack, frames, perHour }) =>
        sample(
          'stackpile_stack_growth_per_hour',
          {
            ...series.labels,
            profile: series.profile,
            sample_type: series.sampleType,
            stack: BigInt.asUintN(64, stack).toString(16).padStart(16, '0'),
            function: frames[0]?.function ?? '',
          },
          perHour,
        ),
      ),
    ),
  ];
  return `${lines.join('\n')}\n`;
}
