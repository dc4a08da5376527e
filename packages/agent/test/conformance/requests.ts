// The requests, good and bad, that a Go service and a Node service have to answer alike.
import type { Grammar } from './grammar.ts';

/** One request. */
export interface Asked {
  readonly target: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** With the name of a host in the target. A mounted handler answers none such: whoever guards its path before it may not know that spelling. */
  readonly isAbsolute?: true;
  /** Of an answer with 200; any other has to be Go's to the byte. */
  readonly grammar?: Grammar;
}

const P = '/debug/pprof/';

function get(target: string, grammar?: Grammar): Asked {
  return grammar === undefined ? { target: P + target } : { target: P + target, grammar };
}

const named: readonly (readonly [name: string, text: Grammar])[] = [
  ['allocs', 'heap'],
  ['goroutine', 'counts'],
  ['heap', 'heap'],
  ['mutex', 'mutex'],
  ['threadcreate', 'counts'],
];

/** What every named profile is asked. */
function ofProfile([name, text]: (typeof named)[number]): Asked[] {
  const isHeap = text === 'heap';
  return [
    get(name, 'profile'),
    get(`${name}?debug=0`, 'profile'),
    get(`${name}?debug=abc`, 'profile'),
    get(`${name}?debug=1`, text),
    get(`${name}?debug=-1`, isHeap ? 'heap' : 'profile'),
    get(`${name}?seconds=1`, 'profile'),
    get(`${name}?seconds=0`),
    get(`${name}?seconds=-1`),
    get(`${name}?seconds=abc`),
    get(`${name}?seconds=1.5`),
    get(`${name}?seconds=1&debug=1`),
    { target: P + name, method: 'HEAD' },
    { target: P + name, method: 'POST', body: 'debug=1' },
  ];
}

/** All of them. */
export const requests: readonly Asked[] = [
  get('', 'index'),
  get('?debug=1', 'index'),
  { target: P, method: 'HEAD' },
  { target: P, method: 'OPTIONS' },
  ...named.flatMap(ofProfile),
  get('goroutine?debug=2', 'stacks'),
  get('goroutine?debug=3', 'stacks'),
  get('heap?debug=2', 'heap'),
  get('heap?debug=99999999999999999999', 'heap'),
  get('heap?debug=%2B1', 'heap'),
  get('heap?debug=1&debug=0', 'heap'),
  get('heap?debug=1;gc=1', 'profile'),
  get('heap?gc=1&debug=1', 'heap'),
  get('heap?gc=x', 'profile'),
  get('heap?seconds=', 'profile'),
  get('heap?seconds=99999999999999999999'),
  get('allocs?gc=1', 'profile'),
  get('%68eap', 'profile'),
  get('profile?seconds=1', 'profile'),
  get('profile?seconds=1&debug=1', 'profile'),
  { target: `${P}profile?seconds=1`, method: 'HEAD' },
  { target: `${P}profile?seconds=1`, method: 'POST' },
  get('cmdline', 'cmdline'),
  get('cmdline?debug=1', 'cmdline'),
  { target: `${P}cmdline`, method: 'HEAD' },
  { target: `${P}cmdline`, headers: { Range: 'bytes=0-3' }, grammar: 'cmdline' },
  get('symbol', 'symbol'),
  get('symbol?0x1+nonsense++0', 'symbol'),
  get('symbol?addr=0x1', 'symbol'),
  get(`symbol?${'1'.repeat(5000)}`, 'symbol'),
  { target: `${P}symbol`, method: 'POST', body: '0x1+0x2', grammar: 'symbol' },
  { target: `${P}symbol`, method: 'POST', body: '1'.repeat(5000), grammar: 'symbol' },
  { target: `${P}symbol`, method: 'POST', body: '', grammar: 'symbol' },
  get('nosuch'),
  get('nosuch?seconds=1'),
  get('nosuch?seconds=x&debug=1'),
  get('Heap'),
  get('heap/'),
  get('cmdline/'),
  get('%3Cscript%3E'),
  { target: '/debug/pprof' },
  { target: '/debug/pprof?debug=1' },
  { target: '/debug/pprof/../pprof/heap' },
  { target: '/debug/pprof//heap?debug=1' },
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].flatMap((method) => [
    { target: '/debug/pprof', method },
    { target: '/debug/pprof//heap?', method },
    { target: '/debug/./pprof/heap?debug=1', method },
    { target: `${P}symbol/x`, method },
  ]),
  { target: '/debug/pprof/.' },
  { target: '/debug/pprof/heap/..' },
  { target: '/debug/./pprof' },
  get('%'),
  get('%zz'),
  get('heap%2'),
  get('%ff'),
  get('heap%00'),
  get('heap%2f'),
  { target: `${P}heap%20?debug=1` },
  { target: `http://127.0.0.1${P}heap?debug=1`, grammar: 'heap', isAbsolute: true },
  { target: `http://127.0.0.1${P}nosuch`, isAbsolute: true },
  { target: 'http://127.0.0.1/debug/pprof', isAbsolute: true },
  { target: `${P}nosuch`, headers: { Expect: '100-continue' } },
  get('block?seconds=0'),
  get('block?seconds=1.5'),
  get('block?seconds=1&debug=1'),
  { target: `${P}block`, method: 'DELETE' },
  { target: `${P}goroutineleak`, method: 'DELETE' },
  { target: `${P}trace?seconds=0.1`, method: 'PUT' },
];
