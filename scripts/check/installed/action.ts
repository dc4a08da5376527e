// action.yml, whose steps are run as they are written, with the variables that GitHub sets.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../house.ts';
import type { Consumer, Place } from './consumer.ts';
import { expect, type Ledger } from './ledger.ts';
import { type Ran, run } from './processes.ts';

interface Step {
  readonly name: string;
  readonly id: string;
  readonly condition: string;
  readonly folder: string;
  readonly env: ReadonlyMap<string, string>;
  readonly script: string;
}

interface Action {
  /** Their defaults; undefined where one is required. */
  readonly inputs: ReadonlyMap<string, string | undefined>;
  readonly outputs: ReadonlyMap<string, string>;
  readonly steps: readonly Step[];
}

const unquoted = (text: string): string => text.replace(/^'(.*)'$/u, '$1');

/** The lines below `key:` that are indented further, without that indent. */
function below(text: string, key: string): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.trimStart() === `${key}:` || line.trimStart() === `${key}: |`);
  if (start < 0) return '';
  const indent = /^ */u.exec(lines[start] ?? '')?.[0].length ?? 0;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.trim() !== '' && (/^ */u.exec(line)?.[0].length ?? 0) <= indent);
  return rest
    .slice(0, end < 0 ? undefined : end)
    .map((line) => line.slice(indent + 2))
    .join('\n');
}

/** `name: value` of lines that are not indented. */
function pairs(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/^([\w-]+): *(.*)$/gmu)].map(([, name = '', value = '']) => [name, unquoted(value)]),
  );
}

/** Reads the subset of YAML that action.yml keeps to: mappings by two blanks, plain or single-quoted texts, blocks with |. */
export function actionOf(text: string): Action {
  const named = (key: string): [string, Map<string, string>][] =>
    [...pairs(below(text, key)).keys()].map((name) => [name, pairs(below(below(text, key), name))]);
  const steps = below(below(text, 'runs'), 'steps')
    .split(/^- /mu)
    .slice(1)
    .map((part) => part.replaceAll(/^ {2}/gmu, ''))
    .map((part): Step => {
      const head = pairs(part);
      return {
        name: head.get('name') ?? '',
        id: head.get('id') ?? '',
        condition: head.get('if') ?? '',
        folder: head.get('working-directory') ?? '',
        env: pairs(below(part, 'env')),
        script: below(part, 'run'),
      };
    });
  return {
    inputs: new Map(named('inputs').map(([name, one]) => [name, one.get('default')])),
    outputs: new Map(named('outputs').map(([name, one]) => [name, one.get('value') ?? ''])),
    steps,
  };
}

/** A job on a machine like GitHub's, as far as the steps can see it. */
class Job {
  readonly #action: Action;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #outputs = new Map<string, string>();

  constructor(action: Action, folder: string, env: Readonly<Record<string, string>>) {
    this.#action = action;
    this.#folder = folder;
    for (const made of ['temp', 'workspace']) mkdirSync(join(folder, made), { recursive: true });
    for (const file of ['summary', 'output']) writeFileSync(join(folder, file), '');
    this.#env = {
      ...env,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_REPOSITORY: 'someone/shop',
      GITHUB_WORKSPACE: join(folder, 'workspace'),
      GITHUB_STEP_SUMMARY: join(folder, 'summary'),
      RUNNER_TEMP: join(folder, 'temp'),
    };
  }

  get workspace(): string {
    return join(this.#folder, 'workspace');
  }

  read(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8');
  }

  /** What stands in `${{ }}`, which GitHub fills in before anything runs. */
  #value(text: string, inputs: Readonly<Record<string, string>>): string {
    return text.replaceAll(/\$\{\{ (.*?) \}\}/gu, (_, expression: string) => {
      const [kind = '', ...path] = expression.split('.');
      if (kind === 'inputs') {
        const name = path[0] ?? '';
        const value = inputs[name] ?? this.#action.inputs.get(name);
        expect(value !== undefined, `${expression}: no such input, or it is required`);
        return this.#value(value, inputs);
      }
      if (kind === 'steps') return this.#outputs.get(path.join('.').replace('.outputs.', '.')) ?? '';
      const known: Readonly<Record<string, string>> = {
        'github.token': 'a-token',
        'github.event.pull_request.number': '7',
      };
      const value = known[expression];
      expect(value !== undefined, `${expression}: nobody knows that`);
      return value;
    });
  }

  async step(name: string, inputs: Readonly<Record<string, string>>): Promise<Ran> {
    const step = this.#action.steps.find((one) => one.name === name);
    expect(step !== undefined && step.script !== '', `action.yml has no step ${name} that runs something`);
    expect(!step.script.includes('${{'), `${name}: an input in a script could be code: it belongs into env`);
    const output = join(this.#folder, 'output');
    writeFileSync(output, '');
    const own = Object.fromEntries([...step.env].map(([key, value]) => [key, this.#value(value, inputs)]));
    const file = join(this.#folder, 'step.sh');
    writeFileSync(file, step.script);
    // As GitHub starts a step of the shell bash.
    const ran = await run('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', file], {
      cwd: join(this.workspace, this.#value(step.folder, inputs)),
      env: { ...this.#env, GITHUB_OUTPUT: output, ...own },
      seconds: 240,
    });
    for (const [, key = '', value = ''] of readFileSync(output, 'utf8').matchAll(/^([\w-]+)=(.*)$/gmu))
      this.#outputs.set(`${step.id}.${key}`, value);
    return ran;
  }

  output(name: string): string {
    return this.#value(this.#action.outputs.get(name) ?? '', {});
  }
}

const service = `import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
const broker = new EventEmitter().setMaxListeners(0);
async function receive() { await new Promise((resolve) => broker.once('message', resolve)); }
createServer((_, response) => { void receive(); response.end(); }).listen(Number(process.env.PORT), '127.0.0.1');
`;

/** The action on a service that leaks with each request. */
export async function tryAction(
  ledger: Ledger,
  place: Place,
  consumer: Consumer,
  port: number,
): Promise<void> {
  const { status: hasBash } = await run('bash', ['-c', 'exit 0'], { cwd: place.folder }).catch(() => ({
    status: 1,
  }));
  if (hasBash !== 0) {
    ledger.skip('action.yml', 'bash is not on the PATH');
    return;
  }
  const folder = join(place.folder, 'job');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  // The comment goes to whoever has a program of that name.
  writeFileSync(join(folder, 'bin/gh'), `#!/bin/sh\nprintf '%s\\n' "$@" > "${folder}/commented"\n`, {
    mode: 0o755,
  });
  const npmHome = { HOME: process.env['HOME'] ?? '' };
  const env = {
    ...consumer.env,
    ...npmHome,
    PATH: `${join(folder, 'bin')}:${consumer.env['PATH'] ?? ''}`,
    PORT: String(port),
  };
  const job = new Job(actionOf(readFileSync(join(root, 'action.yml'), 'utf8')), folder, env);
  mkdirSync(join(job.workspace, 'shop'));
  writeFileSync(join(job.workspace, 'shop/service.mjs'), service);
  const load = `node -e "setInterval(() => fetch('http://127.0.0.1:${port}').catch(() => process.exit(1)), 20)"`;
  const inputs = {
    command: 'node service.mjs',
    load,
    for: '10s',
    options: '--no-stops --every 1s',
    'working-directory': 'shop',
    comment: 'true',
    package: place.packed.find(({ name }) => name === 'stackpile')?.tarball ?? '',
  };
  const passes = async (name: string, given: Readonly<Record<string, string>> = inputs): Promise<Ran> => {
    const ran = await job.step(name, given);
    expect(ran.status === 0, `${name} ends with ${String(ran.status)}:\n${ran.stdout}${ran.stderr}`);
    return ran;
  };
  await ledger.try('action.yml: installs, runs, loads, judges, summarizes, comments', async () => {
    await passes('Install Stackpile');
    let ran = await passes('Run, load, judge');
    // A machine that is busy with something else takes too few looks meanwhile.
    if (job.output('verdict') === 'unsure') ran = await passes('Run, load, judge', { ...inputs, for: '40s' });
    expect(
      job.output('verdict') === 'leak',
      `the verdict is ${job.output('verdict')}:\n${ran.stdout}${ran.stderr}`,
    );
    expect(/^::error file=service\.mjs,line=4,/mu.test(ran.stdout), `no annotation:\n${ran.stdout}`);
    expect(/^## LEAK$/mu.test(job.read('summary')), `no summary: ${job.read('summary')}`);
    for (const file of ['verdict.md', 'verdict.json', 'verdict.junit.xml', 'verdict.sarif', 'profiles.html'])
      expect(readFileSync(join(job.output('folder'), file), 'utf8').length > 100, `${file} is empty`);
    await passes('Comment');
    expect(
      job.read('commented').startsWith('pr\ncomment\n7\n--repo\nsomeone/shop\n--body-file\n'),
      job.read('commented'),
    );
  });
  await ledger.try('action.yml: fails as fail-on says', async () => {
    expect((await job.step('Verdict', inputs)).status === 1, 'a leak does not fail');
    await passes('Verdict', { ...inputs, 'fail-on': 'never' });
    expect(
      (await job.step('Verdict', { ...inputs, 'fail-on': 'sometimes' })).status === 2,
      'a word that means nothing passes',
    );
  });
  await ledger.try('action.yml: a service that fails by itself fails it', async () => {
    await passes('Run, load, judge', { ...inputs, command: 'exit 2', load: '' });
    expect(job.output('verdict') === 'failed', job.output('verdict'));
    expect((await job.step('Verdict', { ...inputs, 'fail-on': 'never' })).status === 1, 'it passes');
    const wrong = await job.step('Run, load, judge', { ...inputs, options: '--nosuch' });
    expect(wrong.status === 2 && wrong.stderr.includes('--nosuch'), `a wrong option passes: ${wrong.stderr}`);
  });
}
