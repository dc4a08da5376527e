// A service with a known wait, allocation and hot function; what a compiler leaves out stands above each, so that lines move.
interface Job {
  readonly name: string;
  readonly size: number;
}

type Kept = {
  readonly items: readonly number[];
};

export const waiting: (() => void)[] = [];

const kept: Kept[] = [];

interface Options {
  readonly rounds: number;
}

async function waitsHere(job: Job): Promise<void> {
  void job.size;

  await new Promise<void>((resolve) => waiting.push(resolve)); // waits
}

type Size = Job['size'];

function allocatesHere({ rounds }: Options, size: Size): void /* allocates */ {
  for (let i = 0; i < rounds; i++) {
    kept.push({ items: Array.from({ length: size }, (_, at) => at / 3) });
  }
}

interface Spin {
  readonly milliseconds: number;
}

function spinsHere(spin: Spin): number /* spins */ {
  const until = Date.now() + spin.milliseconds;
  let sum = 0;

  while (Date.now() < until) {
    for (let i = 0; i < 10_000; i++) sum = (sum * 31 + i) % 1_000_003; // spins on
  }
  return sum;
}

// When whoever watches is ready.
process.once('message', () => {
  for (let i = 0; i < 5; i++) void waitsHere({ name: 'job', size: i });
  allocatesHere({ rounds: 400 }, 10_000);
  setInterval(() => spinsHere({ milliseconds: 20 }), 25);
});
