// How a dump of tasks says whether they were counted or sampled: its agent writes it, whoever judges dumps reads it.

/** `counted`: every task is there. `weighted`: some are, and each stands for as many as its count says. */
export type Weights = 'counted' | 'weighted';

/** The sentences, which people read too. Dumps lie on disks for years: what stands here is never reworded. */
const SENTENCES = {
  counted: 'tasks: every promise is looked at',
  weighted: 'tasks: sampled; counts are weighted',
} as const satisfies Record<Weights, string>;

/** The beginning of a comment of the profile that says so. */
export function weightsSentence(weights: Weights): string {
  return SENTENCES[weights];
}

/** What the comments of a profile say; null where they do not: then it is no dump of an agent. */
export function readWeights(comments: readonly string[]): Weights | null {
  for (const weights of ['weighted', 'counted'] as const)
    if (comments.some((comment) => comment.startsWith(SENTENCES[weights]))) return weights;
  return null;
}
