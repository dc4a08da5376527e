// What Node's permission model must grant before anything native is touched: without the inspector a worker that reaches for it aborts the process.
import { AgentError } from './errors.ts';

/** `process.permission`, of which Node's types know less than Node has. */
interface Permission {
  has(scope: string): boolean;
}

/** A grant that the agent needs, and the flag that gives it; null where this Node has no such flag. */
interface Need {
  readonly flag: string | null;
  readonly granted: boolean;
  /** What it is for, as in "reaches the main thread through …". */
  readonly use: string;
}

function permission(): Permission | null {
  // Undefined without the permission model, whatever the types say.
  const found: Permission | undefined = process.permission;
  return found ?? null;
}

/** Whether this Node knows a flag: a scope that it has no flag for is denied on Node 20 and 22, and not looked at otherwise. */
function knows(flag: string): boolean {
  return process.allowedNodeEnvironmentFlags.has(flag);
}

/** With `--permission-audit` nothing is denied; but what was not granted at the start is not set up either. */
function onlyAudits(): boolean {
  const flags = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/u)];
  return flags.includes('--permission-audit');
}

function needs(model: Permission, listens: boolean): Need[] {
  const inspector: Need = {
    flag: knows('--allow-inspector') ? '--allow-inspector' : null,
    granted: model.has('inspector'),
    use: 'reads the main thread through its inspector',
  };
  if (onlyAudits()) return [inspector];
  return [
    { flag: '--allow-worker', granted: model.has('worker'), use: 'answers from a worker thread' },
    inspector,
    // Before that flag came, networking was not restricted.
    {
      flag: '--allow-net',
      granted: !listens || !knows('--allow-net') || model.has('net'),
      use: 'listens',
    },
  ];
}

/**
 * Refuses to start where Node's permission model forbids what the agent lives on.
 *
 * @param listens whether it opens a listener of its own
 * @throws {AgentError} `AGENT_PERMISSION`, which names every flag to add
 */
export function checkPermission(listens: boolean): void {
  const model = permission();
  if (model === null) return;
  const missing = needs(model, listens).filter((need) => !need.granted);
  if (missing.length === 0) return;
  const uses = missing.map((need) => need.use).join(', ');
  const flags = missing.flatMap((need) => need.flag ?? []);
  const advice = missing.every((need) => need.flag !== null)
    ? `start node with ${flags.join(' ')} too`
    : `Node ${process.versions.node} has no flag that allows the inspector: leave the permission model out, or take Node 24 or later with --allow-inspector`;
  throw new AgentError(
    'AGENT_PERMISSION',
    `Node's permission model keeps the profiler from working, which ${uses}: ${advice}`,
  );
}

/** The error for what the permission model has kept the worker from, its own files most likely; null for another error. */
export function deniedError(error: unknown): AgentError | null {
  const { code, resource } = error as { readonly code?: unknown; readonly resource?: unknown };
  if (code !== 'ERR_ACCESS_DENIED') return null;
  const file = typeof resource === 'string' && resource !== '' ? resource : "the agent's folder";
  const message = `Node's permission model keeps the profiler's worker from starting: start node with --allow-fs-read=${file} too`;
  return new AgentError('AGENT_PERMISSION', message, { cause: error });
}
