// Heap profiles as jemalloc writes them (`MALLOC_CONF=prof:true,prof_final:true`): a stack on a line, behind it what lives there of all
// threads (`t*`) and of each. Told in gperftools' words they are what pprof reads: both sample alike, and both are un-sampled alike.
// Source: jemalloc src/prof_data.c and bin/jeprof.in, 5.3.
import { LineReader } from '../bytes/lines.ts';
import { encodeText } from '../bytes/utf8.ts';
import { ProfileError } from '../errors.ts';
import type { Profile } from '../profile.ts';
import type { ProfileFormat } from './format.ts';
import { readLegacy } from './legacy/legacy.ts';
import { PassedOver, quotedPiece } from './passed-over.ts';

const NAME = "jemalloc's heap profile";
const MOST_BYTES = 2 ** 28;
const HEAD = /^heap_v2\/(\d{1,15})$/;
const STACK = /^@((?: 0x[0-9a-f]{1,16}){0,4096})$/;
const ALL_THREADS = /^ *t\*: (\d{1,19}: \d{1,19} \[\d{1,19}: \d{1,19}\])$/;
const ONE_THREAD = /^ *t\d+: /;

/** The same in the words of gperftools. */
function told(bytes: Uint8Array, passed: PassedOver): string {
  const lines = new LineReader(bytes);
  const out: string[] = [];
  let rate = '';
  let stack: string | null = null;
  let isMap = false;
  while (lines.next()) {
    const line = lines.line.trimEnd();
    const sums = ALL_THREADS.exec(line)?.[1];
    const frames = STACK.exec(line)?.[1];
    if (isMap || line === 'MAPPED_LIBRARIES:') {
      isMap = true;
      out.push(line);
    } else if (rate === '') rate = HEAD.exec(line)?.[1] ?? '';
    else if (frames !== undefined) stack = frames;
    // Before the first stack stands the sum of all.
    else if (sums !== undefined)
      out.push(stack === null ? `heap profile: ${sums} @ heap_v2/${rate}` : `${sums} @${stack}`);
    else if (line !== '' && !ONE_THREAD.test(line))
      passed.add('line', () => `line ${lines.number}: ${quotedPiece(line)}`);
  }
  return `${out.join('\n')}\n`;
}

function read(bytes: Uint8Array): Profile {
  // It is told anew as one text.
  if (bytes.length > MOST_BYTES)
    throw new ProfileError('PROFILE_TOO_LARGE', `${NAME}: it is longer than 256 MiB`);
  const passed = new PassedOver();
  const profile = readTold(encodeText(told(bytes, passed)));
  if (profile === null)
    throw new ProfileError('PROFILE_MALFORMED', `${NAME}: it holds no sum of all threads`);
  return { ...profile, comments: [...profile.comments, ...passed.comments()] };
}

/** What pprof would say of the other text it does not say of this one. */
function readTold(text: Uint8Array): Profile | null {
  try {
    return readLegacy(text);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    throw new ProfileError(error.code, `${NAME}: ${error.message}`, { cause: error });
  }
}

function sniff(_bytes: Uint8Array, head: string): boolean {
  return /^heap_v2\/\d{1,15}\r?\n\s*t\*: /.test(head);
}

/** jemalloc's text: objects and bytes, un-sampled, by the addresses of stacks and the mappings that they lie in. */
export const jemalloc: ProfileFormat = { name: NAME, sniff, read };
