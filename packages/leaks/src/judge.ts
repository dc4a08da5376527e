// From the record of many dumps to one verdict: groups series by culprit, assesses, ranks, and puts it into words.
import { classifyFunction, type OriginOptions, taskLabel, tellingFrame } from '@stackpile/profile';
import { type Assessment, assess, type Evidence } from './assess.ts';
import { adviceFor } from './advice.ts';
import { ownCodeFirst } from './blame.ts';
import { boundOf } from './bound.ts';
import { patternOf } from './patterns.ts';
import { rules as standard, type Rules } from './rules.ts';
import { findingSentence, verdictSentence } from './sentences.ts';
import { starterOf } from './starter.ts';
import { type Timeline, timelineOf } from './timeline.ts';
import { theilSen, trendOf } from './trend.ts';
import type {
  Age,
  Finding,
  Growth,
  LeakPattern,
  RelatedStack,
  Series,
  StackFrame,
  Verdict,
} from './verdict.ts';
import { type Wait, waitOf } from './wait.ts';
import type { LeakOptions } from './options.ts';
import type { LeakRecord, SeriesRecord } from './record.ts';

/** The runtime itself makes and keeps a few objects now and then: fewer than this are not worth a word … */
const leastObjects = 20;
/** … but where they keep so many bytes more than at first, so few are (test/ages.test.ts). */
const largeObjects = 524_288;
const fewLargeObjects = 4;

/** A series with what its stack says. */
interface Member {
  readonly record: SeriesRecord;
  readonly stack: readonly StackFrame[];
  readonly state: string;
  readonly createdBy: string;
  readonly culprit: StackFrame | null;
  readonly culpritIndex: number;
  readonly wait: Wait;
  /** An open thing (socket, timer), no task. */
  readonly handle: boolean;
  readonly arrivals: Arrivals | null;
}

/** Of those alive now, how many had been seen by dump i, and how many they stand for. */
interface Arrivals {
  readonly seen: number[];
  readonly weight: number[];
  /** The fewest outermost frames that stayed the same while one of them went on elsewhere; -1 where none did. */
  outer: number;
}

/** Members that would have one cause: same culprit, same pattern, or same library function. */
interface Group {
  readonly key: string;
  readonly pattern: LeakPattern | null;
  readonly members: Member[];
}

function most(counts: ReadonlyMap<string, number>): string {
  let best = '';
  let bestCount = 0;
  for (const [word, count] of counts) {
    if (count > bestCount) {
      best = word;
      bestCount = count;
    }
  }
  return best;
}

/** The frame that a `created_by` label (`symbol file:line`) names. */
function creatorFrame(label: string, origin: OriginOptions): StackFrame | null {
  const { name, place } = starterOf(label);
  const parts = /^(.+?):(\d+)(?::\d+)?$/su.exec(place);
  if (parts === null) return null;
  const [, file = '', line = '0'] = parts;
  return { name, file, line: Number(line), origin: classifyFunction(name, file, origin) };
}

function memberOf(
  record: SeriesRecord,
  leaks: LeakRecord,
  options: LeakOptions,
  arrivals: Arrivals | null,
): Member {
  const stack = leaks.stacks.stack(record.stack);
  const state = most(record.states);
  const createdBy = most(record.createdBy);
  // What a task does just now changes while it goes on: what it is, is what stayed on its stack.
  const stays = arrivals === null || arrivals.outer <= 0 ? 0 : Math.max(0, stack.length - arrivals.outer);
  // A builtin that stands in no file (Promise, bind) is nobody's place to mend.
  let culpritIndex = stack.findIndex(
    (frame, i) => i >= stays && frame.origin === 'user' && frame.file !== '',
  );
  if (culpritIndex < 0) culpritIndex = stack.findIndex((frame, i) => i >= stays && frame.origin === 'user');
  if (culpritIndex < 0) culpritIndex = stack.findIndex((frame) => frame.origin === 'user');
  let culprit = culpritIndex < 0 ? null : (stack[culpritIndex] ?? null);
  if (culprit === null && createdBy !== '') {
    const creator = creatorFrame(createdBy, options.origin ?? {});
    if (creator?.origin === 'user') culprit = creator;
    culpritIndex = -1;
  }
  const handle = record.labels.some((label) => label.key === taskLabel.kind && label.value === 'handle');
  const wait = waitOf(stack, state, handle);
  return { record, stack, state, createdBy, culprit, culpritIndex, wait, handle, arrivals };
}

/** Adds columns of the same length up. */
function sum(columns: readonly (readonly number[])[]): number[] {
  const total = [...(columns[0] ?? [])];
  for (const column of columns.slice(1))
    for (let i = 0; i < total.length; i++) total[i] = (total[i] ?? 0) + (column[i] ?? 0);
  return total;
}

/** Ages say of each object at which look it was there first. */
function arrivalsByAge(record: LeakRecord, looks: readonly number[]): Map<SeriesRecord, Arrivals> {
  return new Map(
    record.series.map((series) => {
      const seen = looks.map((look) => series.ages.slice(0, look + 1).reduce((sum, one) => sum + one, 0));
      return [series, { seen, weight: seen, outer: -1 }];
    }),
  );
}

function arrivalsOf(record: LeakRecord): Map<SeriesRecord, Arrivals> | null {
  if (record.looks !== null) return arrivalsByAge(record, record.looks);
  if (record.ids === null) return null;
  const n = record.totals.length;
  const result = new Map<SeriesRecord, Arrivals>();
  for (const { first, series, weight, outer } of record.ids.values()) {
    let columns = result.get(series);
    if (columns === undefined) {
      columns = { seen: new Array<number>(n).fill(0), weight: new Array<number>(n).fill(0), outer: -1 };
      result.set(series, columns);
    }
    if (outer >= 0) columns.outer = columns.outer < 0 ? outer : Math.min(columns.outer, outer);
    columns.seen[first] = (columns.seen[first] ?? 0) + 1;
    columns.weight[first] = (columns.weight[first] ?? 0) + weight;
  }
  for (const { seen, weight } of result.values()) {
    for (const column of [seen, weight])
      for (let i = 1; i < n; i++) column[i] = (column[i] ?? 0) + (column[i - 1] ?? 0);
  }
  return result;
}

class Judge {
  readonly #record: LeakRecord;
  readonly #options: LeakOptions;
  readonly #time: Timeline;
  readonly #least: number;
  readonly #total: number;
  readonly #totalGain: number;
  readonly #losses: number;
  readonly #rules: Rules;
  /** Ids that were given since the dump before; null where dumps carry none. */
  readonly #arrived: readonly number[] | null;
  readonly #tasks: boolean;
  /** Whether they are the objects of a heap, by class. */
  readonly #objects: boolean;
  /** Whether it is known of each member when it came: by its id, or by its age. */
  readonly #told: boolean;

  constructor(record: LeakRecord, options: LeakOptions, rules: Rules) {
    this.#rules = rules;
    this.#record = record;
    this.#options = options;
    this.#time = timelineOf(record);
    this.#total = record.totals.at(-1) ?? 0;
    // A heap breathes: what is worth a word is more than some bytes, and more than a hundredth of it. Counts are told by chance alone.
    this.#least = record.measure.counts
      ? 1
      : Math.max(rules.leastBytes, rules.leastShareOfBytes * Math.max(...record.totals));
    this.#tasks = /^(?:goroutine|tasks?)$/u.test(record.measure.type);
    this.#objects = record.measure.type === 'objects';
    this.#told = record.ids !== null || record.looks !== null;
    this.#arrived =
      record.ids === null ? null : record.highest.map((id, i) => id - (record.highest[i - 1] ?? id));
    this.#totalGain = this.#total - (record.totals[0] ?? 0);
    this.#losses = record.series.reduce((all, { values }) => all + this.#lossOf(values), 0);
  }

  /** What a series lost beyond chance: traffic is less at the end than at the beginning every other time. */
  #lossOf(values: readonly number[]): number {
    const first = values[0] ?? 0;
    const last = values.at(-1) ?? 0;
    const chance = this.#rules.lossBeyond * Math.sqrt(this.#record.unit * (first + last));
    return Math.max(0, first - last - chance);
  }

  evidence(members: readonly Member[], pattern: LeakPattern | null): Evidence {
    const values = sum(members.map((member) => member.record.values));
    const largest = members.toSorted(
      (a, b) => (b.record.values.at(-1) ?? 0) - (a.record.values.at(-1) ?? 0),
    )[0];
    const lost = members.reduce((all, { record }) => all + this.#lossOf(record.values), 0);
    const waits = members.map((member) => member.record.waited);
    const zeros = new Array<number>(values.length).fill(0);
    // Ids that only some of it carries say nothing about all of it.
    const identified =
      this.#told &&
      !members.some(
        ({ record }) => this.#record.looks === null && record.anonymous && (record.values.at(-1) ?? 0) > 0,
      );
    return {
      x: this.#time.x,
      span: this.#time.span,
      values,
      unit: this.#record.unit,
      least: this.#leastOf(members),
      wait: largest?.wait ?? 'blocked',
      counts: this.#record.measure.counts,
      exact: this.#record.unit === 1,
      arrivals: identified ? sum(members.map((member) => member.arrivals?.seen ?? zeros)) : null,
      weights: identified ? sum(members.map((member) => member.arrivals?.weight ?? zeros)) : null,
      lasting: this.#record.lasting || members.every(({ handle }) => handle),
      arrived: this.#arrived,
      endedLate: members.reduce((all, member) => all + member.record.endedLate, 0),
      endedEarly: members.reduce((all, member) => all + member.record.endedEarly, 0),
      // Where some do not say how long they wait, nobody can say how long the oldest does.
      waited: waits.includes(-1) ? -1 : Math.max(...waits),
      totalGain: this.#totalGain,
      lostElsewhere: this.#losses - lost,
      pattern: pattern !== null,
      tasks: this.#tasks && !members.every(({ handle }) => handle),
      proven: this.#record.measure.type === 'goroutineleak',
    };
  }

  /** The smallest gain of some members that is worth a word. */
  #leastOf(members: readonly Member[]): number {
    if (!this.#objects) return this.#least;
    const kept = members.reduce(
      (sum, { record }) => sum + (record.retained.at(-1) ?? 0) - (record.retained[0] ?? 0),
      0,
    );
    return kept >= largeObjects ? fewLargeObjects : leastObjects;
  }

  groups(): Group[] {
    const arrivals = arrivalsOf(this.#record);
    const members: Member[] = [];
    for (const record of this.#record.series) {
      members.push(memberOf(record, this.#record, this.#options, arrivals?.get(record) ?? null));
    }
    const grown = new Set<string>();
    for (const member of members) {
      if (member.culprit !== null) continue;
      const pattern = patternOf(member.stack, () => false);
      const { values } = member.record;
      if (pattern !== null && (values.at(-1) ?? 0) > (values[0] ?? 0)) grown.add(pattern.id);
    }
    const groups = new Map<string, Group>();
    for (const member of members) {
      const pattern =
        member.culprit === null || member.culpritIndex < 0
          ? patternOf(member.stack, (id) => grown.has(id))
          : null;
      const { culprit, stack } = member;
      const key =
        pattern !== null
          ? `pattern ${pattern.id} ${culprit?.name ?? ''}`
          : culprit !== null
            ? `user ${culprit.name}\0${culprit.file}\0${culprit.start ?? 0}`
            : `library ${tellingFrame(stack)?.name ?? ''}`;
      let group = groups.get(key);
      if (group === undefined) {
        group = { key, pattern, members: [] };
        groups.set(key, group);
      }
      group.members.push(member);
    }
    return [...groups.values()].map((group) => this.#oneThing(group));
  }

  /** A task that waits for a timer of its own and that timer are one thing: the task is counted, the timer is not. */
  #oneThing(group: Group): Group {
    const tasks = group.members.filter(({ handle }) => !handle);
    const handles = group.members.filter(({ handle }) => handle);
    if (!this.#tasks || tasks.length === 0 || handles.length === 0) return group;
    const waiting = sum(tasks.map(({ record }) => record.values));
    const open = sum(handles.map(({ record }) => record.values));
    const apart = waiting.reduce((all, value, i) => all + Math.abs(value - (open[i] ?? 0)), 0);
    const all = waiting.reduce((a, b) => a + b, 0);
    return apart <= this.#rules.oneThing * all ? { ...group, members: tasks } : group;
  }

  /** Worth the arithmetic: has grown, or is among the large ones. */
  #quick(values: readonly number[]): boolean {
    const last = values.at(-1) ?? 0;
    return (
      Math.max(...values) - Math.min(...values) >= this.#least || last >= this.#rules.largeShare * this.#total
    );
  }

  findings(): Finding[] {
    const findings: Finding[] = [];
    const suspects: { finding: Finding; group: Group }[] = [];
    for (const group of this.groups()) {
      const whole = this.evidence(group.members, group.pattern);
      if (!this.#quick(whole.values) && !group.members.some((member) => this.#quick(member.record.values)))
        continue;
      const judged = group.members
        .filter((member) => this.#quick(member.record.values))
        .map((member) => ({
          member,
          assessment: assess(this.evidence([member], group.pattern), this.#rules),
        }));
      const pick = (kind: Assessment['kind']): Member[] =>
        judged.filter(({ assessment }) => assessment.kind === kind).map(({ member }) => member);
      const together = assess(whole, this.#rules);
      let members = pick('leak');
      // Stacks of one culprit that only trade places (another line, another branch) do not pile up.
      if (
        members.length > 0 &&
        group.members.length > members.length &&
        this.#tradesPlaces(members, together)
      )
        members = [];
      if (members.length === 0) {
        if (together.kind === 'leak') members = group.members;
        else {
          members = pick('growing');
          if (members.length === 0 || together.kind === 'steady') members = group.members;
        }
      }
      const evidence = members === group.members ? whole : this.evidence(members, group.pattern);
      const assessment = members === group.members ? together : assess(evidence, this.#rules);
      const finding = this.#finding(group, members, evidence, this.#nobodys(members, assessment));
      suspects.push({ finding, group });
      findings.push(finding);
    }
    return this.#rank(findings);
  }

  /** Objects that no place in the program holds are the runtime's own: they are never convicted, and acquitted where they are small. */
  #nobodys(members: readonly Member[], assessment: Assessment): Assessment {
    if (!this.#objects || assessment.kind === 'steady') return assessment;
    if (members.some(({ stack }) => stack.some(({ file }) => file !== ''))) return assessment;
    const { confidence, trend } = assessment;
    const kept = sum(members.map(({ record }) => record.retained));
    return (kept.at(-1) ?? 0) - (kept[0] ?? 0) < this.#rules.leastBytes
      ? { kind: 'steady', reason: 'noise', confidence, trend }
      : { kind: 'growing', reason: 'few', confidence, trend };
  }

  #tradesPlaces(members: readonly Member[], together: Assessment): boolean {
    if (together.kind !== 'steady' || this.#told) return false;
    const gain = this.evidence(members, null).values;
    return together.trend.gain < this.#rules.tradesPlaces * ((gain.at(-1) ?? 0) - (gain[0] ?? 0));
  }

  #growth(values: readonly number[]): Growth {
    const total = (values.at(-1) ?? 0) - (values[0] ?? 0);
    const slope = (x: readonly number[]): number => {
      if (values.length < 2) return 0;
      // A growth in a few lumps has a median slope of 0, which says nothing.
      return theilSen(x, values) || total / Math.max(Number.MIN_VALUE, (x.at(-1) ?? 0) - (x[0] ?? 0));
    };
    return {
      total,
      perDump: slope(this.#record.ordinals),
      perMinute: this.#time.times === null ? null : slope(this.#time.x),
    };
  }

  #age(evidence: Evidence, members: readonly Member[]): Age | null {
    const said = Math.max(...members.map((member) => member.record.waited));
    let seen = -1;
    if (evidence.arrivals !== null && this.#time.times !== null) {
      const first = evidence.arrivals.findIndex((count) => count > 0);
      if (first >= 0) seen = (this.#time.times.at(-1) ?? 0) - (this.#time.times[first] ?? 0);
    }
    if (said > 0 && said >= seen) return { ms: said, atLeast: false };
    return seen > 0
      ? { ms: seen, atLeast: true }
      : said >= 0 && seen >= 0
        ? { ms: Math.max(said, seen), atLeast: seen >= said }
        : null;
  }

  #finding(group: Group, members: readonly Member[], evidence: Evidence, assessment: Assessment): Finding {
    const { values } = evidence;
    const n = values.length;
    const gainOf = (member: Member): number =>
      (member.record.values.at(-1) ?? 0) - (member.record.values[0] ?? 0);
    const ranked = members.toSorted(
      (a, b) => gainOf(b) - gainOf(a) || (b.record.values.at(-1) ?? 0) - (a.record.values.at(-1) ?? 0),
    );
    const main = ranked[0] as Member;
    const count = values.at(-1) ?? 0;
    const growth = this.#growth(values);
    const arrivals = evidence.arrivals;
    const before = arrivals === null ? 0 : n < 2 ? 0 : (arrivals[n - 2] ?? 0);
    const ended = evidence.endedLate + evidence.endedEarly;
    const retained = sum(members.map((member) => member.record.retained));
    const limit = this.#options.limit;
    const facts = {
      stack: main.stack,
      culprit: main.culprit,
      culpritIndex: main.culpritIndex,
      pattern: group.pattern,
      createdBy: main.createdBy,
      state: main.state,
      labels: this.#commonLabels(members),
      counts: values,
      first: values[0] ?? 0,
      count,
      share: this.#total > 0 ? count / this.#total : 0,
      error: errorOf(members, count),
      growth,
      oldest: this.#age(evidence, members),
      survival:
        arrivals === null
          ? null
          : {
              seen: before + ended,
              survived: before,
              ended,
              fresh: count === 0 ? 0 : (arrivals[n - 1] ?? 0) - before,
              arrivals,
            },
      retained:
        this.#record.measure.retained < 0
          ? null
          : {
              bytes: retained.at(-1) ?? 0,
              growth: (retained.at(-1) ?? 0) - (retained[0] ?? 0),
              heldBy: this.#holderOf(main),
            },
      atMost: this.#atMost(evidence),
      advice: adviceFor({
        stack: main.stack,
        culprit: main.culprit,
        pattern: group.pattern,
        createdBy: main.createdBy,
        state: main.state,
        handle: main.handle,
        heldBy: main.record.heldBy,
        measure: this.#record.measure.type,
        bytes: !this.#record.measure.counts,
        backlog: assessment.kind === 'growing' && assessment.reason === 'load' && evidence.arrivals !== null,
      }),
      confidence: assessment.confidence,
      untilLimit:
        limit !== undefined && growth.perMinute !== null && growth.perMinute > 0 && limit > this.#total
          ? ((limit - this.#total) / growth.perMinute) * 60_000
          : null,
      also: ranked
        .slice(1)
        .filter((member) => (member.record.values.at(-1) ?? 0) > 0)
        .slice(0, 8)
        .map((member): RelatedStack => ({ stack: member.stack, count: member.record.values.at(-1) ?? 0 })),
      holders: [] as readonly RelatedStack[],
      sentence: '',
    };
    const finding: Finding =
      assessment.kind === 'leak'
        ? { kind: 'leak', ...facts }
        : assessment.kind === 'growing'
          ? { kind: 'growing', reason: assessment.reason, ...facts }
          : { kind: 'steady', reason: assessment.reason, ...facts };
    const holders = main.wait === 'lock' && finding.kind !== 'steady' ? this.#holders(main) : [];
    const held = { ...finding, holders };
    return { ...held, sentence: findingSentence(held, this.series()) };
  }

  /** How fast at most a suspect may pile up: by numbers, or, where ids last, by who of those that came has stayed. */
  #atMost(e: Evidence): number | null {
    const n = e.values.length;
    const grain = e.counts ? 1 : 0;
    if (n < 3) return null;
    const byNumber = Math.max(0, boundOf(e.x, e.values, grain, e.exact ? 0 : e.unit).most);
    const time = (e.x[n - 2] ?? 0) - (e.x[0] ?? 0);
    if (e.arrivals === null || !e.lasting || time <= 0) return byNumber;
    const stayed = (e.arrivals[n - 2] ?? 0) - (e.arrivals[0] ?? 0);
    return Math.min(byNumber, mostOf(stayed) / time);
  }

  /** Who keeps it: as the snapshot says it, or the chain of an object's holders. */
  #holderOf({ record, stack }: Member): string | null {
    if (!this.#objects) return record.heldBy === '' ? null : record.heldBy;
    const holders = stack.slice(1);
    return holders.length === 0 ? null : holders.map(({ name }) => name).join(' ← ');
  }

  #commonLabels(members: readonly Member[]): { key: string; value: string }[] {
    const alive = members.filter((member) => (member.record.values.at(-1) ?? 0) > 0);
    const [first, ...rest] = alive;
    return (first?.record.labels ?? []).filter(({ key, value }) =>
      rest.every((member) =>
        member.record.labels.some((label) => label.key === key && label.value === value),
      ),
    );
  }

  /** Stacks of the same file that were blocked elsewhere all the while: one of them may hold the lock. */
  #holders(pile: Member): RelatedStack[] {
    const found: { related: RelatedStack; score: number }[] = [];
    for (const record of this.#record.series) {
      if (record.values.some((value) => value <= 0)) continue;
      const stack = this.#record.stacks.stack(record.stack);
      const culprit = stack.find((frame) => frame.origin === 'user');
      if (culprit === undefined || culprit.file !== pile.culprit?.file) continue;
      const wait = waitOf(stack, most(record.states), false);
      if (wait === 'lock' || wait === 'sleep' || wait === 'running') continue;
      const count = record.values.at(-1) ?? 0;
      if (count > (record.values[0] ?? 0) || count > 3) continue;
      // Whoever started the waiting ones is busy starting more, so it does not hold the lock.
      const starter = stack.some((frame) => frame.name !== '' && pile.createdBy.startsWith(`${frame.name}.`));
      found.push({ related: { stack, count }, score: starter ? 1 : 0 });
    }
    return found
      .sort((a, b) => a.score - b.score)
      .slice(0, 3)
      .map(({ related }) => related);
  }

  #rank(findings: Finding[]): Finding[] {
    const order = { leak: 0, growing: 1, steady: 2 } as const;
    const weight = (finding: Finding): number => Math.max(0, finding.growth.total) * finding.confidence;
    const ranked = findings.sort(
      (a, b) => order[a.kind] - order[b.kind] || weight(b) - weight(a) || b.count - a.count,
    );
    return ownCodeFirst(ranked, this.#rules).slice(0, Math.max(1, this.#options.maxFindings ?? 12));
  }

  #seriesMemo: Series | null = null;

  series(): Series {
    this.#seriesMemo ??= {
      measure: { type: this.#record.measure.type, unit: this.#record.measure.unit },
      noun: this.#record.noun,
      dumps: this.#record.totals.length,
      times: this.#time.times,
      span: this.#time.span,
      totals: this.#record.totals,
      retained:
        this.#objects && this.#record.measure.retained >= 0
          ? sum(this.#record.series.map(({ retained }) => retained))
          : null,
      growth: this.#growth(this.#record.totals),
      ids: this.#told,
      restarts: this.#record.restarts,
    };
    return this.#seriesMemo;
  }

  /** Whether the total grows while no stack explains it. */
  unexplained(findings: readonly Finding[]): boolean {
    const { totals } = this.#record;
    if (totals.length < 3) return false;
    const trend = trendOf(
      this.#time.x,
      totals,
      this.#record.unit,
      Math.max(this.#least, this.#rules.unexplainedShare * (totals[0] ?? 0)),
      this.#record.unit,
      this.#rules,
    );
    if (trend.shape !== 'grows') return false;
    let explained = 0;
    // What settled, returned or turned over explains its part of the growth as well.
    for (const finding of findings)
      if (finding.kind !== 'steady' || finding.reason !== 'flat') explained += finding.growth.total;
    return explained < this.#rules.explained * ((totals.at(-1) ?? 0) - (totals[0] ?? 0));
  }
}

/** Judges all that a {@link LeakRecord} holds. */
export function judgeRecord(record: LeakRecord, options: LeakOptions, rules: Rules = standard): Verdict {
  const judge = new Judge(record, options, rules);
  const findings = judge.findings();
  const series = judge.series();
  const unexplained = judge.unexplained(findings);
  const significant = findings.some(
    (finding) =>
      finding.kind === 'growing' &&
      (series.dumps < 2 ||
        finding.growth.total >= rules.significant * Math.max(1, series.growth.total) ||
        finding.share >= rules.significant),
  );
  const kind = findings.some((finding) => finding.kind === 'leak')
    ? 'leak'
    : series.dumps < 2 || significant || unexplained
      ? 'unsure'
      : 'none';
  const verdict: Verdict = { kind, sentence: '', series, findings };
  return { ...verdict, sentence: verdictSentence(verdict, unexplained) };
}

/** The largest mean of which so few are seen one time in 100 (a Poisson number; exact for none, else by its square root). */
function mostOf(seen: number): number {
  return seen <= 0 ? Math.log(100) : (Math.sqrt(seen) + 1.163) ** 2 + 1.8;
}

/** Percent by which there may be more of what several series count together: each errs by itself. */
function errorOf(members: readonly Member[], count: number): number {
  const squares = members.map(({ record }) => ((record.values.at(-1) ?? 0) * record.error) ** 2);
  const error = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
  return count > 0 ? Math.ceil(error / count) : 0;
}
