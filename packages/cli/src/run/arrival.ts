// What a process that `stackpile run` has started tells the command of itself.

/** The variable with the path of the socket that is told: in a folder of this user's alone. */
export const DOOR = '_STACKPILE_RUN';

/** A process that serves its profiles. */
export interface Arrival {
  readonly pid: number;
  /** Name of its program: `server.js`. */
  readonly name: string;
  readonly port: number;
  readonly token: string;
}

/** The arrival in a line; null where it is none. */
export function arrivalOf(line: string): Arrival | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { pid, name, port, token } = value as Partial<Record<keyof Arrival, unknown>>;
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536;
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0 || !isPort) return null;
  if (typeof name !== 'string' || typeof token !== 'string' || !/^[\w-]{16,100}$/u.test(token)) return null;
  return { pid, name: name.slice(0, 200), port, token };
}
