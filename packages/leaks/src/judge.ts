// From the record of many dumps to one verdict: assesses each group of series, ranks, and puts it into words.
import { type Assessment, assess, type Evidence } from './assess.ts';
import { adviceFor } from './advice.ts';
import { ownCodeFirst } from './blame.ts';
import { boundOf } from './bound.ts';
import { type Group, groupsOf } from './groups.ts';
import { callerOf, type Member, most, sum } from './members.ts';
import { atLeastMore, holdersOf, leastObjectsOf, unheld } from './objects.ts';
import { rules as standard, type Rules } from './rules.ts';
import { findingSentence, makerWords, verdictSentence } from './sentences.ts';
import { type Timeline, timelineOf } from './timeline.ts';
import { theilSen, trendOf } from './trend.ts';
import type { Age, Finding, Growth, LeakPattern, RelatedStack, Series, Verdict } from './verdict.ts';
import { waitOf } from './wait.ts';
import type { LeakOptions } from './options.ts';
import type { LeakRecord, SeriesRecord } from './record.ts';

/** A finding as far as it is needed to be ranked. */
interface Draft
  extends Pick<Finding, 'kind' | 'confidence' | 'culprit' | 'pattern' | 'counts' | 'first' | 'count'> {
  readonly growth: Pick<Growth, 'total'>;
  readonly group: Group;
  /** The one that grew most first. */
  readonly ranked: readonly Member[];
  readonly evidence: Evidence;
  readonly assessment: Assessment;
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
      : Math.max(rules.leastBytes, rules.leastShareOfBytes * this.#largestHeap());
    this.#tasks = /^(?:goroutine|tasks?)$/u.test(record.measure.type);
    this.#objects = record.measure.type === 'objects';
    this.#told = record.ids !== null || record.looks !== null;
    this.#arrived =
      record.ids === null ? null : record.highest.map((id, i) => id - (record.highest[i - 1] ?? id));
    this.#totalGain = this.#total - (record.totals[0] ?? 0);
    this.#losses = record.series.reduce((all, series) => all + this.#lossOf(series), 0);
  }

  /** Whether it stands in no file, as memory beside the heap does (native, external). */
  #isNowhere({ stack }: SeriesRecord): boolean {
    return this.#record.stacks.stack(stack).every(({ file }) => file === '');
  }

  /** The most that any dump has in all: of memory only what somebody's code has allocated, for the rest is no heap that breathes. */
  #largestHeap(): number {
    const beside = sum(this.#record.series.filter((one) => this.#isNowhere(one)).map(({ values }) => values));
    return Math.max(...this.#record.totals.map((total, i) => total - (beside[i] ?? 0)));
  }

  /** What a series lost beyond chance: traffic is less at the end than at the beginning every other time. */
  #lossOf(series: SeriesRecord): number {
    const { values } = series;
    // What stands in no file is nobody's work: it cannot have moved elsewhere.
    if (!this.#record.measure.counts && this.#isNowhere(series)) return 0;
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
    const lost = members.reduce((all, { record }) => all + this.#lossOf(record), 0);
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
      least: this.#objects ? leastObjectsOf(members, this.#rules) : this.#least,
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

  /** Worth the arithmetic: has grown, or is among the large ones. */
  #quick(values: readonly number[]): boolean {
    const last = values.at(-1) ?? 0;
    return (
      Math.max(...values) - Math.min(...values) >= this.#least || last >= this.#rules.largeShare * this.#total
    );
  }

  findings(): Finding[] {
    const findings: Draft[] = [];
    for (const group of groupsOf(this.#record, this.#options, this.#rules, this.#tasks)) {
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
      const said = this.#ofMemory(members, evidence, assessment);
      findings.push(this.#draft(group, members, evidence, said));
    }
    return this.#rank(findings).map((draft) => this.#finding(draft));
  }

  /** What is said of objects and of memory, which must become more, and somewhere. */
  #ofMemory(members: readonly Member[], evidence: Evidence, assessment: Assessment): Assessment {
    if (this.#objects)
      return unheld(members, atLeastMore(evidence, assessment), (held) => this.#isTrifle(held, evidence));
    return this.#record.measure.unit === 'bytes' ? unheld(members, assessment, () => false) : assessment;
  }

  /** What hangs on another chain of holders counts for that one: of a heap that grows, most of what came to it is no trifle. */
  #isTrifle(held: number, { values }: Evidence): boolean {
    const { leastBytes, explained, largeShare } = this.#rules;
    const all = this.series().retained ?? [];
    const grown = (all.at(-1) ?? 0) - (all[0] ?? 0);
    const gained = (values.at(-1) ?? 0) - (values[0] ?? 0);
    const most = Math.max(explained * this.#totalGain, largeShare * (this.#record.totals[0] ?? 0));
    return held < leastBytes && (grown < leastBytes || gained < most);
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

  #draft(group: Group, members: readonly Member[], evidence: Evidence, assessment: Assessment): Draft {
    const counts = evidence.values;
    const gainOf = (member: Member): number =>
      (member.record.values.at(-1) ?? 0) - (member.record.values[0] ?? 0);
    const ranked = members.toSorted(
      (a, b) => gainOf(b) - gainOf(a) || (b.record.values.at(-1) ?? 0) - (a.record.values.at(-1) ?? 0),
    );
    const [first, count] = [counts[0] ?? 0, counts.at(-1) ?? 0];
    const culprit = ranked[0]?.culprit ?? null;
    const { kind, confidence } = assessment;
    const told = { kind, confidence, culprit, pattern: group.pattern, counts, first, count };
    return { ...told, growth: { total: count - first }, group, ranked, evidence, assessment };
  }

  #finding({ group, ranked, evidence, assessment, count }: Draft): Finding {
    const { values } = evidence;
    const n = values.length;
    const members = ranked;
    const main = ranked[0] as Member;
    const growth = this.#growth(values);
    const arrivals = evidence.arrivals;
    const before = arrivals === null ? 0 : n < 2 ? 0 : (arrivals[n - 2] ?? 0);
    const ended = evidence.endedLate + evidence.endedEarly;
    const retained = sum(members.map((member) => member.record.retained));
    const limit = this.#options.limit;
    const createdBy =
      main.createdBy === '' && this.#record.measure.unit === 'bytes'
        ? callerOf(group.members)
        : main.createdBy;
    const facts = {
      stack: main.stack,
      culprit: main.culprit,
      culpritIndex: main.culpritIndex,
      pattern: group.pattern,
      createdBy,
      createdHow: createdBy === '' ? '' : makerWords(this.#record.measure),
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
  #holderOf(member: Member): string | null {
    if (this.#objects) return holdersOf(member);
    return member.record.heldBy === '' ? null : member.record.heldBy;
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

  /** Those that are told: of many series few are, and only these are worth the arithmetic. */
  #rank(findings: Draft[]): Draft[] {
    const order = { leak: 0, growing: 1, steady: 2 } as const;
    const weight = (finding: Draft): number => Math.max(0, finding.growth.total) * finding.confidence;
    const ranked = findings.sort(
      (a, b) => order[a.kind] - order[b.kind] || weight(b) - weight(a) || b.count - a.count,
    );
    return ownCodeFirst(ranked, this.#rules).slice(0, Math.max(1, this.#options.maxFindings ?? 12));
  }

  #seriesMemo: Series | null = null;

  /** Bytes that all of it keeps, dump by dump. */
  #retained(): number[] {
    const kept = sum(this.#record.series.map(({ retained }) => retained));
    return this.#record.totals.map((_, i) => kept[i] ?? 0);
  }

  series(): Series {
    this.#seriesMemo ??= {
      measure: { type: this.#record.measure.type, unit: this.#record.measure.unit },
      noun: this.#record.noun,
      dumps: this.#record.totals.length,
      times: this.#time.times,
      span: this.#time.span,
      totals: this.#record.totals,
      retained: this.#objects && this.#record.measure.retained >= 0 ? this.#retained() : null,
      born: this.#record.born,
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
        finding.reason === 'pool' ||
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
