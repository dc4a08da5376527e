// How often the judge of packages/leaks is right about random programs, as the table of its README. Usage: leak-rates.ts [RUNS]
import process from 'node:process';
import { ratesOf } from '../packages/leaks/test/rates.ts';
import { models } from '../packages/leaks/test/synthetic.ts';

const runs = Number(process.argv[2] ?? '200');
const dumps = 12;
const share = (value: number): string => `${Math.round(value * 100)} %`;

process.stdout.write(`Verdicts on ${runs} random programs per line, ${dumps} dumps each (seed 1):\n\n`);
process.stdout.write(
  '| what the program does | convicted, by counts | unsure | convicted, with ids | unsure |\n|---|---|---|---|---|\n',
);
for (const model of models) {
  const counts = ratesOf(model, dumps, false, runs, 1);
  const ids = ratesOf(model, dumps, true, runs, 1);
  process.stdout.write(
    `| ${model.leaks ? '**leak**: ' : ''}${model.name} | ${share(counts.leak)} | ${share(counts.unsure)} | ${share(ids.leak)} | ${share(ids.unsure)} |\n`,
  );
}
