// Programs that leak after public reports, or only look as if, run for real, and judged as a person does who knows nothing of them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { unlessCi } from '../../../../testing/ci.ts';
import { judge, type Outcome } from '../../../../testing/judging/outcome.ts';
import { type ProgramSet, programSets } from '../../../../testing/judging/program.ts';
import { installPackages, type Mode, Workshop } from '../../../../testing/judging/workshop.ts';

const SECONDS = 60;
/** Of leaks and of traps. */
const OF_EACH = 2;
const seed = Number(process.env['PROGRAMS_SEED'] ?? Date.now() % 2 ** 31);

/** Some of the leaks and some of the traps, others for each seed. */
function drawn(names: readonly string[]): readonly string[] {
  const order = (name: string): string => createHash('sha256').update(`${seed} ${name}`).digest('hex');
  const sorted = names.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  const isTrap = (name: string): boolean => name.includes('trap-');
  return [false, true].flatMap((trap) => sorted.filter((name) => isTrap(name) === trap).slice(0, OF_EACH));
}

/** What stops the test on this machine: no npm to get from what the programs import. */
function missingPackages(set: ProgramSet): string | false {
  try {
    installPackages(set);
    return false;
  } catch (error) {
    return `what the programs import cannot be had from npm: ${String(error).split('\n')[0]}`;
  }
}

/** Two leaks and two traps of those that are `enabled` in each mode, drawn anew in every run, each a test. */
export function testPrograms(
  title: string,
  enabled: Readonly<Partial<Record<Mode, readonly string[]>>>,
  lacking: string | false = false,
): void {
  const [own] = programSets();
  assert.ok(own !== undefined);
  const skip =
    process.platform === 'win32'
      ? 'a process cannot be looked at on Windows'
      : unlessCi(lacking || missingPackages(own));

  describe(`${title} (PROGRAMS_SEED=${seed})`, { skip, timeout: 600_000 }, () => {
    const workshop = new Workshop(process.execPath);
    before(() => workshop.prepare([own]));
    after(() => workshop.close());

    for (const [mode, names] of Object.entries(enabled) as [Mode, readonly string[]][]) {
      describe(`by ${mode}`, { concurrency: 2 * OF_EACH }, () => {
        for (const name of drawn(names)) {
          test(name, async () => {
            const program = own.programs.find((one) => one.name === name);
            assert.ok(program !== undefined, `there is no program ${name}`);
            let ran = await workshop.run(own, program, mode, SECONDS);
            // On a busy machine a minute may be too short to convict: who is told to watch longer does.
            if (program.truth.kind === 'leak' && ran.status === 2)
              ran = await workshop.run(own, program, mode, 2 * SECONDS);
            const { outcome, said } = judge(program.truth, ran);
            // What looks like a leak may stay open: the watch is short. It is never convicted.
            const fine: readonly Outcome[] = program.truth.kind === 'trap' ? ['right', 'unsure'] : ['right'];
            assert.ok(fine.includes(outcome), `${outcome}: ${said}\n${ran.stderr}`);
          });
        }
      });
    }
  });
}
