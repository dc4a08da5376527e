// What the page and its worker say to each other. Everything here survives structured cloning.
import type { EngineErrorCode } from '../errors.ts';
import type { ProfileSummary } from './profiles.ts';
import type { ChainAnswer } from './questions/chain.ts';
import type { ChangeAnswer } from './questions/change.ts';
import type { ExportAnswer, ExportQuery } from './questions/export.ts';
import type { FlameAnswer, FlameQuery } from './questions/flame.ts';
import type { HeapAnswer, HeapQuery } from './questions/heap.ts';
import type { LabelsAnswer, LabelsQuery } from './questions/labels.ts';
import type { MatchesAnswer, MatchesQuery } from './questions/matches.ts';
import type { OpenQuery, Progress } from './questions/open.ts';
import type { PeekAnswer, PeekQuery } from './questions/peek.ts';
import type { PlacesAnswer, PlacesQuery } from './questions/places.ts';
import type { SourceAnswer, SourceQuery } from './questions/source.ts';
import type { TasksAnswer, TasksQuery } from './questions/tasks.ts';
import type { TextAnswer, TextQuery } from './questions/text.ts';
import type { TopAnswer, TopQuery } from './questions/top.ts';
import type { VerdictAnswer, VerdictQuery } from './questions/verdict.ts';
import type { StackQuery } from './stack-query.ts';

/** Every question the worker answers: name → [arguments, answer]. */
export interface Engine {
  open: [OpenQuery, ProfileSummary];
  flame: [FlameQuery, FlameAnswer];
  top: [TopQuery, TopAnswer];
  peek: [PeekQuery, PeekAnswer];
  places: [PlacesQuery, PlacesAnswer];
  change: [StackQuery, ChangeAnswer];
  chain: [StackQuery, ChainAnswer];
  heap: [HeapQuery, HeapAnswer];
  labels: [LabelsQuery, LabelsAnswer];
  matches: [MatchesQuery, MatchesAnswer];
  source: [SourceQuery, SourceAnswer];
  tasks: [TasksQuery, TasksAnswer];
  text: [TextQuery, TextAnswer];
  export: [ExportQuery, ExportAnswer];
  verdict: [VerdictQuery, VerdictAnswer];
}
export type Method = keyof Engine;

/** Page → worker. */
export interface Request<M extends Method = Method> {
  readonly id: number;
  readonly method: M;
  readonly argument: Engine[M][0];
}

/** Worker → page. */
export type Response =
  | { readonly id: number; readonly kind: 'answer'; readonly answer: Engine[Method][1] }
  | {
      readonly id: number;
      readonly kind: 'error';
      readonly code: EngineErrorCode;
      readonly message: string;
      /** What a server answered with instead of a profile; 0 where it is not about that. */
      readonly status: number;
    }
  | { readonly id: number; readonly kind: 'progress'; readonly progress: Progress };
