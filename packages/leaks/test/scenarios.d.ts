import { type Dump, type Verdict } from '../src/index.ts';
/** Where the fixtures lie beside the repository; absent in a user's clone. */
export declare const fixtures: string;
export declare const haveFixtures: boolean;
/** The forms of a goroutine dump, and the one of a heap. */
export declare const goroutineForms: readonly [
  'goroutine.pb.gz',
  'goroutine.debug1.txt',
  'goroutine.debug2.txt.gz',
];
export declare const heapForms: readonly ['heap.pb.gz'];
export interface Label {
  readonly name: string;
  readonly kind: 'goroutine' | 'heap';
  readonly leak: boolean;
  /** The user's function to be named; '' where the pattern is to be named, or there is none. */
  readonly function: string;
  readonly pattern: string;
}
export interface Judged {
  readonly label: Label;
  readonly form: string;
  readonly verdict: Verdict;
  readonly right: boolean;
  readonly why: string;
}
/** The dumps of a folder of `tN` folders, in order of time. */
export declare function dumpsOf(folder: string, form: string): Promise<Dump[]>;
/** Whether a verdict is what the label asks for, and if not, why. */
export declare function check(label: Label, form: string, verdict: Verdict): string;
/** Judges every scenario in every form; `points` limits the dumps to the first so many. */
export declare function judgeScenarios(points?: number): Promise<Judged[]>;
