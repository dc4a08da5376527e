// The own rules of a heap, by class or by who allocates: what is worth a word, what is nobody's, and who holds it.
import type { Assessment, Evidence } from './assess.ts';
import type { Member } from './members.ts';
import { rules as standard, type Rules } from './rules.ts';
import type { Finding, StackFrame, Verdict } from './verdict.ts';

/** By how many bytes more than at first some members keep. */
function keptMore(members: readonly Member[]): number {
  return members.reduce(
    (all, { record }) => all + (record.retained.at(-1) ?? 0) - (record.retained[0] ?? 0),
    0,
  );
}

/** The smallest gain of objects that is worth a word. */
export function leastObjectsOf(members: readonly Member[], rules: Rules): number {
  return keptMore(members) >= rules.largeObjects ? rules.fewLargeObjects : rules.leastObjects;
}

/** Of objects that are not more in the end, whoever stays came in the place of others: they change, and do not pile up. */
export function atLeastMore({ values, least }: Evidence, assessment: Assessment): Assessment {
  if (assessment.kind === 'steady' || values.length < 3) return assessment;
  if ((values.at(-1) ?? 0) - (values[0] ?? 0) >= least) return assessment;
  return { ...assessment, kind: 'steady', reason: 'turnover' };
}

/**
 * What stands nowhere in the program, objects that nothing of it holds and memory that was allocated outside of any file, is the
 * runtime's own, or that of whoever looks: it is never convicted by itself, and acquitted where it is small.
 *
 * @param isSmall whether so many bytes more than at first are not worth a word
 */
export function unheld(
  members: readonly Member[],
  assessment: Assessment,
  isSmall: (bytes: number) => boolean,
): Assessment {
  if (assessment.kind === 'steady') return assessment;
  if (members.some(({ stack }) => stack.some(({ file }) => file !== ''))) return assessment;
  const { confidence, trend } = assessment;
  return isSmall(keptMore(members))
    ? { kind: 'steady', reason: 'noise', confidence, trend }
    : { kind: 'growing', reason: assessment.kind === 'leak' ? 'unheld' : 'few', confidence, trend };
}

/** What Node's own scripts hold, for whoever calls them: entries of its performance timeline, say. */
const NODE = '(Node and builtins)';

/** Whether objects pile up of which nothing of the program is a holder, but Node's own scripts are. */
export function isHeldByNode(finding: Finding): boolean {
  return finding.kind === 'growing' && finding.reason === 'unheld' && finding.stack.at(-1)?.name === NODE;
}

/** Whether hardly any object of a heap came that the program holds, or that nobody could tell of: none, or such as Node alone holds. */
export function isOnlyHeldByNode({ findings, series }: Verdict, rules: Rules = standard): boolean {
  const came = findings.filter(({ growth }) => growth.total >= rules.leastObjects);
  const ofNode = came.filter(isHeldByNode);
  const isCalm = (one: Finding): boolean =>
    one.kind === 'steady' && one.stack.every(({ file }) => file === '');
  if (!came.every((one) => isHeldByNode(one) || isCalm(one))) return false;
  const unexplained = ofNode.reduce((left, { growth }) => left - growth.total, series.growth.total);
  return unexplained < Math.max(rules.leastObjects, rules.largeShare * (series.totals[0] ?? 0));
}

/** Our own agent's files, wherever it was installed. */
const agentFile = /[\\/]@stackpile[\\/]agent[\\/]/u;

/** What the agent remembers of each task, by the name that its bundle gives the class: it hangs on the task's own promise as well. */
const agentRecord = '_TaskRecord';

/** Whether it is the agent that keeps an object: what whoever looks remembers is no matter of the program. */
export function isWatchers(stack: readonly StackFrame[]): boolean {
  if (stack[0]?.name === agentRecord) return true;
  const nearest = stack.find(({ file }) => file !== '');
  return nearest === undefined
    ? stack.some(({ name }, i) => name === 'AgentHost' && stack[i + 1]?.name === NODE)
    : agentFile.test(nearest.file);
}

/** Who keeps an object: the chain of its holders; null where nobody is known. */
export function holdersOf({ stack }: Member): string | null {
  const holders = stack.slice(1);
  return holders.length === 0 ? null : holders.map(({ name }) => name).join(' ← ');
}
