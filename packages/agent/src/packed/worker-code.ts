// Stands for the worker as texts, which scripts/bundle-agent.ts puts in its place: one that loads the others, and those by their names.
export const workerCode: string = '';
export const workerParts: Readonly<Record<string, string>> = {};
