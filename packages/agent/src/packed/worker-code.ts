// Stands for the worker as one script, which scripts/bundle-agent.ts puts in its place.
export const workerCode: string = '';
