// The worker's work: opens profiles, keeps flattened stacks, answers the page's questions. No Web API but `fetch`: runs in Node tests too.
import { findLeaks } from '@stackpile/leaks';
import {
  encodeProfile,
  type Origin,
  type Profile,
  ProfileError,
  readProfile,
  readProfilePieces,
} from '@stackpile/profile';
import {
  applyUrlParameters,
  defaultOptions,
  OptionError,
  type ReportCommand,
  ReportError,
  runReport,
} from '@stackpile/report';
import {
  changedStacks,
  eventWeight,
  type FlameLayout,
  type FlamePlan,
  FrameInterner,
  type FrameTable,
  flameSvg,
  flattenStacks,
  foldedStacks,
  groupTasks,
  layoutFlame,
  layoutTimeline,
  type LocationFrames,
  matchedWeight,
  matchFrames,
  mergedFrame,
  neighbours,
  ownPlaces,
  planFlame,
  planSandwich,
  rootFrame,
  sampleTimes,
  shortPath,
  speedscopeJson,
  type Stacks,
  sumFrames,
  sumGroups,
  visibleText,
  zoomPlan,
} from '@stackpile/report/flame';
import { formatPercent, formatSize, formatValue, forNumber } from '../format.ts';
import { drawableDot } from '../graph/drawable.ts';
import { compilePattern, frameHash } from '../state.ts';
import { EngineError } from './client.ts';
import { download } from './download.ts';
import type {
  Engine,
  FlameAnswer,
  FlameQuery,
  FrameList,
  Method,
  ProfileBytes,
  ProfileSummary,
  Progress,
  SearchAnswer,
  StackQuery,
  TopRow,
} from './protocol.ts';

interface Opened {
  readonly profile: Profile;
  readonly summary: ProfileSummary;
  times: Float64Array | null | undefined;
}

interface Prepared {
  readonly stacks: Stacks;
  readonly interner: FrameInterner;
  readonly locations: LocationFrames;
  readonly profile: Profile;
  readonly valueIndex: number;
  readonly type: string;
  readonly unit: string;
  readonly eventWeight: number;
}

interface Interned {
  readonly interner: FrameInterner;
  readonly layers: readonly LocationFrames[];
}

/** A cache of a few values, the least recently used dropped first. */
class Recent<T> {
  readonly #limit: number;
  readonly #entries = new Map<string, T>();
  constructor(limit: number) {
    this.#limit = limit;
  }
  get(key: string, make: () => T): T {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    // Make room first: the old and the new value of a large profile need not fit together.
    for (const old of this.#entries.keys()) {
      if (this.#entries.size < this.#limit) break;
      this.#entries.delete(old);
    }
    const made = make();
    this.#entries.set(key, made);
    return made;
  }
}

type Handlers = {
  [M in Method]: (
    argument: Engine[M][0],
    progress: (progress: Progress) => void,
  ) => Engine[M][1] | Promise<Engine[M][1]>;
};

/** Longest text report sent to the page; the rest is for the download. */
const maxText = 2_000_000;

export class ProfileEngine {
  readonly #opened: Opened[] = [];
  readonly #interned = new Recent<Interned>(3);
  readonly #prepared = new Recent<Prepared>(3);

  readonly handlers: Handlers = {
    open: ({ name, from, time, size }, progress) => this.#open(name, from, time ?? null, size, progress),
    flame: (query) => this.#flame(query),
    top: (query) => this.#top(query),
    peek: (query) => this.#peek(query),
    places: (query) => this.#places(query),
    source: (query) => this.#source(query),
    tasks: (query) => this.#tasks(query),
    text: (query) => this.#text(query),
    export: (query) => this.#export(query),
    verdict: (query) => this.#verdict(query),
  };

  async #open(
    name: string,
    from: ProfileBytes,
    time: number | null,
    size: number | undefined,
    progress: (progress: Progress) => void,
  ): Promise<ProfileSummary> {
    const started = performance.now();
    let bytes = 0;
    let profile: Profile;
    if (from instanceof Uint8Array) {
      bytes = from.length;
      const title = `Reading ${name}, ${formatSize(bytes)}`;
      progress({ text: title, share: null });
      const onProgress = seldom(progress, () => title);
      profile = await readProfile(from, { times: true, onProgress });
    } else {
      const { address, headers } = from;
      const { size: coming, pieces } = await download(name, address, headers);
      const onProgress = seldom(
        progress,
        (done, total) => `Loading ${name}, ${formatSize(done)}${total > 0 ? ` of ${formatSize(total)}` : ''}`,
      );
      const counted = async function* (): AsyncGenerator<Uint8Array> {
        for await (const piece of pieces) {
          yield piece;
          bytes += piece.length;
          onProgress(bytes, coming);
        }
      };
      // What cannot be decoded while it comes is read when all of it is there.
      const reading = seldom(progress, () => `Reading ${name}, ${formatSize(bytes)}`);
      profile = await readProfilePieces(counted(), coming, { times: true, onProgress: reading });
    }
    const values = profile.sampleTypes;
    let defaultType = values.length - 1;
    for (const [row, value] of values.entries())
      if (value.type === profile.defaultSampleType) defaultType = row;
    if (defaultType < 0) {
      throw new ProfileError(
        'PROFILE_INVALID',
        'the profile has no sample type, so there is nothing to show',
      );
    }
    const nanos = Number(profile.timeNanos / 1_000_000n);
    const summary: ProfileSummary = {
      id: this.#opened.length,
      name,
      size: size ?? bytes,
      noun: tasksNoun(profile),
      sampleTypes: values.map(({ type, unit }) => ({
        type: visibleText(type, 100),
        unit: visibleText(unit, 100),
      })),
      defaultType,
      samples: profile.samples.length,
      functions: profile.functions.length,
      time: nanos > 0 ? nanos : time,
      durationMs: Number(profile.durationNanos) / 1e6,
      period:
        profile.periodType === null || profile.period <= 1n
          ? ''
          : `1 sample per ${formatValue(Number(profile.period), visibleText(profile.periodType.unit, 50))}`,
      comments: profile.comments.slice(0, 100).map((comment) => visibleText(comment)),
      docUrl: /^https?:\/\//.test(profile.docUrl) ? profile.docUrl.slice(0, 2000) : '',
      hasTimes: hasNumericTime(profile),
      hasTasks: values.some(({ type }) => /^(?:goroutine|tasks?)$/.test(type)),
      readMs: performance.now() - started,
    };
    this.#opened.push({ profile, summary, times: undefined });
    return summary;
  }

  #entry(id: number): Opened {
    const opened = this.#opened[id];
    if (opened === undefined)
      throw new EngineError('NO_PROFILE', 'This profile is not open any more: reload the page.');
    return opened;
  }

  #prepare(query: StackQuery): Prepared {
    const key = JSON.stringify([
      query.profile,
      query.base,
      query.sampleType,
      query.granularity,
      query.focus,
      query.ignore,
      query.hide,
      query.show,
      query.showFrom,
      query.libraries,
    ]);
    return this.#prepared.get(key, () => {
      const { profile, summary } = this.#entry(query.profile);
      const base = query.base === null ? null : this.#entry(query.base).profile;
      const valueIndex = typeIndex(profile, query.sampleType, summary.defaultType);
      const { interner, layers } = this.#intern(query);
      const { table } = interner;
      const mask = (name: string, source: string): Uint8Array | null => {
        if (source === '') return null;
        const { expression, error } = compilePattern(source);
        if (expression === null)
          throw new EngineError(
            'BAD_PATTERN',
            `${name}: ${error}. Change the filter above, or press r to remove all.`,
          );
        return matchFrames({ table }, expression);
      };
      const type = profile.sampleTypes[valueIndex];
      let baseLayer = null;
      if (base !== null) {
        const index = base.sampleTypes.findIndex((one) => one.type === type?.type && one.unit === type.unit);
        if (index < 0) {
          throw new EngineError(
            'NO_COMMON_TYPE',
            `These two profiles cannot be compared: ${this.#entry(query.base ?? 0).summary.name} has no ${type?.type ?? ''}/${type?.unit ?? ''} values. Choose two profiles of the same kind.`,
          );
        }
        baseLayer = { profile: base, frames: layers[1] as LocationFrames, valueIndex: index };
      }
      const stacks = flattenStacks(
        interner,
        { profile, frames: layers[0] as LocationFrames, valueIndex },
        {
          focus: mask('Focus', query.focus),
          ignore: mask('Ignore', query.ignore),
          hide: mask('Hide', query.hide),
          show: mask('Show', query.show),
          showFrom: mask('Show from', query.showFrom),
          libraries: query.libraries,
        },
        baseLayer,
      );
      return {
        stacks,
        interner,
        locations: layers[0] as LocationFrames,
        profile,
        valueIndex,
        type: summary.sampleTypes[valueIndex]?.type ?? '',
        unit: summary.sampleTypes[valueIndex]?.unit ?? '',
        eventWeight: eventWeight(profile, valueIndex),
      };
    });
  }

  #intern(query: StackQuery): Interned {
    return this.#interned.get(`${query.granularity} ${query.profile} ${query.base ?? ''}`, () => {
      const interner = new FrameInterner(query.granularity);
      const layers = [interner.add(this.#entry(query.profile).profile)];
      if (query.base !== null) layers.push(interner.add(this.#entry(query.base).profile));
      return { interner, layers };
    });
  }

  #flame(query: FlameQuery): FlameAnswer {
    const started = performance.now();
    const prepared = this.#prepare(query);
    const { interner } = prepared;
    const stacks = query.onlyChanged ? changedStacks(prepared.stacks, prepared.eventWeight) : prepared.stacks;
    const { table } = stacks;
    let note = '';
    let layout: FlameLayout;
    let callers: FlameLayout | null = null;
    let path: number[] = [];
    const pathWeights: number[] = [];
    const options = { minShare: query.minShare };
    let mode = query.mode;
    const opened = this.#entry(query.profile);
    if (mode === 'time' && opened.times === undefined) opened.times = sampleTimes(opened.profile);
    if (mode === 'time' && (opened.times ?? null) === null) {
      mode = 'down';
      note = 'The samples of this profile carry no time, so they are drawn widest first.';
    }
    let pivot: Uint8Array | null = null;
    if (mode === 'sandwich') {
      const { expression } = compilePattern(query.pivot);
      pivot = expression === null ? null : matchFrames({ table }, expression);
      if (pivot === null || !pivot.includes(1)) {
        note =
          query.pivot === ''
            ? 'Choose a function for the sandwich: select a box and press w.'
            : 'No function of this profile matches the sandwich; showing all.';
        mode = 'down';
        pivot = null;
      }
    }
    if (mode === 'time') {
      layout = layoutTimeline(stacks, opened.times as Float64Array, query.minShare);
    } else if (pivot !== null) {
      const plans = planSandwich(stacks, pivot);
      layout = layoutFlame(plans.callees, options);
      callers = layoutFlame(plans.callers, options);
    } else {
      let plan: FlamePlan = planFlame(stacks, mode === 'up' ? 'up' : 'down');
      const found = query.zoom.length === 0 ? [] : this.#resolve(table, query.zoom);
      if (found === null) note = 'The zoomed function is not in this profile; showing all.';
      else if (found.length > 0) {
        const zoomed = zoomPlan(plan, found);
        if ((zoomed.rows?.length ?? 0) === 0)
          note = 'The zoomed stack is not in this profile or is filtered out; showing all.';
        else {
          // The weight of each ancestor, for its row above the zoom.
          pathWeights.push(stacks.kept);
          for (let depth = 1; depth < found.length; depth++)
            pathWeights.push(planWeight(zoomPlan(plan, found.slice(0, depth))));
          path = found;
          plan = zoomed;
        }
      }
      layout = layoutFlame(plan, { ...options, frame: path.at(-1) ?? rootFrame });
      if (path.length > 0) pathWeights.push(layout.rootWeight);
    }
    const rows = new RowTable(table);
    const own = rows.remap(layout);
    const callersOut = callers === null ? null : rows.remap(callers);
    const pathRows = path.map((frame) => rows.row(frame));
    const frames = rows.list();
    let search: SearchAnswer | null = null;
    if (query.search !== '') {
      const { expression, error } = compilePattern(query.search);
      if (expression === null) note = `Search: ${error}`;
      else {
        const mask = matchFrames({ table: interner.table }, expression);
        let functions = 0;
        for (const hit of mask) functions += hit;
        search = {
          mask: Uint8Array.from(rows.ids, (frame) => mask[frame] ?? 0),
          functions,
          weight: matchedWeight(stacks, mask),
        };
      }
    }
    return {
      layout: own,
      callers: callersOut,
      frames,
      path: pathRows,
      pathWeights,
      unit: prepared.unit,
      type: prepared.type,
      total: stacks.total,
      totalBefore: stacks.totalBefore,
      kept: stacks.kept,
      eventWeight: prepared.eventWeight,
      search,
      note,
      ms: performance.now() - started,
    };
  }

  #resolve(table: FrameTable, zoom: readonly string[]): number[] | null {
    const wanted = new Map<string, number>();
    for (const hash of zoom) wanted.set(hash, -1);
    for (let frame = 0; frame < table.length; frame++) {
      const hash = frameHash(table.name[frame] as string, table.file[frame] as string);
      if (wanted.get(hash) === -1) wanted.set(hash, frame);
    }
    const path = zoom.map((hash) => wanted.get(hash) ?? -1);
    return path.includes(-1) ? null : path;
  }

  #top(query: Engine['top'][0]): Engine['top'][1] {
    const { stacks, unit, type, eventWeight: weight } = this.#prepare(query);
    const { table } = stacks;
    const sums = sumFrames(stacks);
    const { expression, error } = compilePattern(query.filter);
    if (query.filter !== '' && expression === null) throw new EngineError('BAD_PATTERN', `Filter: ${error}`);
    const mask = expression === null ? null : matchFrames(stacks, expression);
    let functions = 0;
    const rows: number[] = [];
    for (let frame = 0; frame < table.length; frame++) {
      if (sums.cum[frame] === 0 && (sums.cumBefore?.[frame] ?? 0) === 0) continue;
      functions++;
      if (mask === null || mask[frame] === 1) rows.push(frame);
    }
    const delta = (frame: number): number =>
      Math.abs((sums.cum[frame] as number) - (sums.cumBefore?.[frame] ?? 0));
    const flatDelta = (frame: number): number =>
      Math.abs((sums.flat[frame] as number) - (sums.flatBefore?.[frame] ?? 0));
    const { flat, cum } = sums;
    const byName = (a: number, b: number): number =>
      (table.name[a] as string) < (table.name[b] as string) ? -1 : 1;
    const size = (column: Float64Array, frame: number): number => Math.abs(column[frame] as number);
    rows.sort((a, b) => {
      switch (query.sort) {
        case 'name':
          return byName(a, b);
        case 'cum':
          return size(cum, b) - size(cum, a) || size(flat, b) - size(flat, a) || byName(a, b);
        case 'delta':
          return flatDelta(b) - flatDelta(a) || delta(b) - delta(a) || byName(a, b);
        case 'flat':
          return size(flat, b) - size(flat, a) || size(cum, b) - size(cum, a) || byName(a, b);
      }
    });
    return {
      rows: rows.slice(0, query.limit).map((frame) => topRow(table, sums, frame)),
      functions,
      matching: rows.length,
      unit,
      type,
      total: stacks.total,
      totalBefore: stacks.totalBefore,
      diff: stacks.diff !== null,
      eventWeight: weight,
    };
  }

  #peek(query: Engine['peek'][0]): Engine['peek'][1] {
    const { stacks, unit, type } = this.#prepare(query);
    const { table } = stacks;
    const sums = sumFrames(stacks);
    let mask: Uint8Array | null = null;
    if (query.pivot !== '') {
      const { expression, error } = compilePattern(query.pivot);
      if (expression === null) throw new EngineError('BAD_PATTERN', `Function: ${error}`);
      mask = matchFrames(stacks, expression);
    }
    // The subject is the largest match; without a pattern the function with the most of its own.
    let subject = -1;
    let matching = 0;
    const size = (frame: number): number =>
      mask === null && table.origin[frame] !== 'user' ? -1 : Math.abs(sums.cum[frame] as number);
    for (let frame = 0; frame < table.length; frame++) {
      if (mask !== null && mask[frame] !== 1) continue;
      if (sums.cum[frame] === 0) continue;
      matching++;
      if (subject < 0 || size(frame) > size(subject)) subject = frame;
    }
    if (subject < 0)
      return { subject: null, matching: 0, callers: [], callees: [], unit, type, total: stacks.total };
    const only = new Uint8Array(table.length);
    only[subject] = 1;
    const { callers, callees } = neighbours(stacks, only);
    const row = ({ frame, value }: { frame: number; value: number }) => ({
      name: table.name[frame] as string,
      file: table.file[frame] as string,
      origin: table.origin[frame] as Origin,
      value,
    });
    return {
      subject: topRow(table, sums, subject),
      matching,
      callers: callers.slice(0, 300).map(row),
      callees: callees.slice(0, 300).map(row),
      unit,
      type,
      total: stacks.total,
    };
  }

  #places(query: Engine['places'][0]): Engine['places'][1] {
    // Renamed and dropped frames would hide the user's: this question is about the whole profile.
    const plain: StackQuery = {
      ...query,
      base: null,
      granularity: 'functions',
      focus: '',
      ignore: '',
      hide: '',
      show: '',
      showFrom: '',
      libraries: 'show',
    };
    const { stacks, locations, profile, unit, type } = this.#prepare(plain);
    const { table } = stacks;
    return {
      places: ownPlaces(stacks, locations, profile.samples, query.limit).map((place) => ({
        name: table.name[place.frame] as string,
        file: table.file[place.frame] as string,
        line: place.line,
        value: place.value,
        leaf: table.name[place.leaf] as string,
      })),
      unit,
      type,
      total: stacks.total,
    };
  }

  #source(query: Engine['source'][0]): Engine['source'][1] {
    const { stacks, unit, type } = this.#prepare({ ...query, base: null, granularity: 'lines' });
    const { table } = stacks;
    const { expression, error } = compilePattern(query.pivot);
    if (query.pivot !== '' && expression === null) throw new EngineError('BAD_PATTERN', `Function: ${error}`);
    // Names at this granularity end in `:line`; the pattern means the function.
    const plainName = (frame: number): string => (table.name[frame] as string).replace(/:\d+$/, '');
    /** Frames that are wanted, by a key of theirs. */
    const grouped = <K>(keyOf: (frame: number) => K | null) => {
      const rows = new Map<K, number>();
      const frames: number[][] = [];
      const group = new Int32Array(table.length).fill(-1);
      for (let frame = 0; frame < table.length; frame++) {
        const key = keyOf(frame);
        if (key === null) continue;
        const row = rows.get(key) ?? frames.push([]) - 1;
        rows.set(key, row);
        frames[row]?.push(frame);
        group[frame] = row;
      }
      const { flat, cum } = sumGroups(stacks, group, frames.length);
      return [...rows]
        .map(([key, row]) => ({
          key,
          frames: frames[row] as number[],
          flat: flat[row] as number,
          cum: cum[row] as number,
        }))
        .filter((one) => one.cum !== 0);
    };
    const own = (frame: number | undefined): number => Number(table.origin[frame ?? 0] === 'user');
    const files = grouped((frame) => {
      const file = table.file[frame] as string;
      const wanted = expression === null || expression.test(plainName(frame)) || expression.test(file);
      return wanted && file !== '' ? file : null;
    })
      .sort((a, b) => own(b.frames[0]) - own(a.frames[0]) || b.cum - a.cum)
      .slice(0, 200)
      .map(({ key, cum }) => ({ file: key, cum }));
    const file = files.find((one) => one.file === query.file)?.file ?? files[0]?.file ?? '';
    const lines =
      file === ''
        ? []
        : grouped((frame) => (table.file[frame] === file ? (table.line[frame] as number) : null))
            .map(({ key, frames, flat, cum }) => ({
              line: key,
              names: [...new Set(frames.map(plainName))],
              flat,
              cum,
            }))
            .sort((a, b) => a.line - b.line);
    return { files, file, lines: lines.slice(0, 5000), unit, type, total: stacks.total };
  }

  #tasks(query: Engine['tasks'][0]): Engine['tasks'][1] {
    const { profile, summary } = this.#entry(query.profile);
    const { interner, layers } = this.#intern({ ...query, base: null, granularity: 'functions' });
    const row = typeIndex(profile, query.sampleType, summary.defaultType);
    const { groups, groupCount, total } = groupTasks(profile, layers[0] as LocationFrames, row);
    const { table } = interner;
    const { expression, error } = compilePattern(query.filter);
    if (query.filter !== '' && expression === null) throw new EngineError('BAD_PATTERN', `Filter: ${error}`);
    const shown = groups.map((group) => ({
      ...group,
      states: group.states.map(([state, count]) => [visibleText(state, 200), count] as const),
      stack: group.stack.slice(0, 500).map(({ frame, line }) => ({
        name: table.name[frame] as string,
        file: table.file[frame] as string,
        line,
        origin: table.origin[frame] as Origin,
      })),
      tasks: group.tasks.map((task) => ({
        ...task,
        state: visibleText(task.state, 200),
        createdBy: visibleText(task.createdBy, 500),
        labels: task.labels
          .slice(0, 20)
          .map(([key, value]) => [visibleText(key, 200), visibleText(value, 500)] as const),
      })),
    }));
    const matching =
      expression === null
        ? shown
        : shown.filter(
            (group) =>
              group.stack.some(
                (frame) => expression.test(frame.name) || expression.test(`${frame.file}:${frame.line}`),
              ) ||
              group.states.some(([state]) => expression.test(state)) ||
              group.tasks.some((task) =>
                task.labels.some(([key, value]) => expression.test(`${key}:${value}`)),
              ),
          );
    return {
      groups: matching.slice(0, 500),
      groupCount,
      total,
      unit: summary.sampleTypes[row]?.unit ?? '',
      type: summary.sampleTypes[row]?.type ?? '',
    };
  }

  #text(query: Engine['text'][0]): Engine['text'][1] {
    const { profile } = this.#entry(query.profile);
    const command: ReportCommand = { kind: query.report };
    const parameters = new URLSearchParams();
    const put = (key: string, value: string): void => {
      if (value !== '') parameters.set(key, value);
    };
    put('f', query.focus);
    put('i', query.ignore);
    put('h', query.hide);
    put('s', query.show);
    put('sf', query.showFrom);
    put('si', query.sampleType);
    if (query.report === 'dot') put('n', String(query.nodes));
    if (query.libraries === 'hide' && query.hide === '') put('h', librariesPattern);
    let output;
    try {
      output = runReport(profile, command, applyUrlParameters(defaultOptions(), parameters));
    } catch (error) {
      if (error instanceof ReportError || error instanceof OptionError)
        throw new EngineError('REPORT', error.message);
      throw error;
    }
    if (output.type !== 'text') throw new EngineError('REPORT', `The ${query.report} report is not text.`);
    // A graph is cut by its number of nodes, not in the middle of one.
    const limit = query.report === 'dot' ? 64_000_000 : maxText;
    const chunks: string[] = [];
    let length = 0;
    let cut = false;
    for (const chunk of output.chunks) {
      if (length + chunk.length > limit) {
        cut = true;
        break;
      }
      chunks.push(chunk);
      length += chunk.length;
    }
    const text = chunks.join('');
    return { text: query.report === 'dot' ? drawableDot(text) : text, warnings: output.warnings, cut };
  }

  async #export(query: Engine['export'][0]): Promise<Engine['export'][1]> {
    const { summary, profile } = this.#entry(query.profile);
    const base = fileBase(summary.name);
    if (query.kind === 'proto') {
      const plain = encodeProfile(profile) as Uint8Array<ArrayBuffer>;
      const packed = new Blob([plain]).stream().pipeThrough(new CompressionStream('gzip'));
      return {
        bytes: new Uint8Array(await new Response(packed).arrayBuffer()),
        mediaType: 'application/vnd.google.protobuf+gzip',
        fileName: `${base}.pb.gz`,
      };
    }
    const prepared = this.#prepare(query);
    const { stacks, unit, type } = prepared;
    const text = (content: string, mediaType: string, extension: string): Engine['export'][1] => ({
      bytes: new TextEncoder().encode(content),
      mediaType,
      fileName: `${base}.${extension}`,
    });
    switch (query.kind) {
      case 'folded':
        return text(foldedStacks(stacks), 'text/plain', 'folded.txt');
      case 'speedscope':
        return text(speedscopeJson(stacks, summary.name, unit), 'application/json', 'speedscope.json');
      case 'svg': {
        const layout = layoutFlame(planFlame(stacks, 'down'), { minShare: 1 / 2400 });
        const title = `${summary.name}: ${type}, ${formatValue(stacks.total, unit)}`;
        return text(
          flameSvg(layout, stacks.table, {
            title,
            total: stacks.total,
            format: (value) => formatValue(value, unit),
          }),
          'image/svg+xml',
          'svg',
        );
      }
      case 'markdown':
        return text(markdownTop(summary, prepared), 'text/markdown', 'md');
    }
  }

  #verdict(query: Engine['verdict'][0]): Engine['verdict'][1] {
    const dumps = query.profiles.map((id) => {
      const { profile, summary } = this.#entry(id);
      return { profile, time: summary.time, name: summary.name };
    });
    const shown = this.#entry(query.profiles.at(-1) ?? -1);
    const row = typeIndex(shown.profile, query.sampleType, shown.summary.defaultType);
    const inBytes = shown.summary.sampleTypes[row]?.unit === 'bytes';
    return {
      verdict: findLeaks(dumps, {
        ...(query.sampleType === '' ? {} : { sampleType: query.sampleType }),
        ...(inBytes && query.memoryLimit !== null ? { limit: query.memoryLimit } : {}),
      }),
    };
  }
}

/** A listener that is told of at most ten steps a second. */
function seldom(
  progress: (progress: Progress) => void,
  text: (done: number, total: number) => string,
): (done: number, total: number) => void {
  let last = performance.now();
  return (done, total) => {
    const now = performance.now();
    if (now - last < 100) return;
    last = now;
    progress({ text: text(done, total), share: total > 0 ? Math.min(1, done / total) : null });
  };
}

/** `hide` of libraries for the text reports, which filter by expression. */
const librariesPattern = String.raw`node_modules/|^node:|/pkg/mod/|@v\d|^runtime\.|^net/|^internal/`;

function hasNumericTime(profile: Profile): boolean {
  // The first samples tell: either all carry their time or none does.
  const { samples, strings } = profile;
  const end = samples.labelStart[Math.min(samples.length, 16)] ?? 0;
  for (let row = 0; row < end; row++) {
    if (samples.labels.text[row] !== 0) continue;
    if (
      /^(?:(?:end_)?timestamp(?:_ns)?|time(?:_ns)?|ts)$/.test(strings.get(samples.labels.key[row] as number))
    )
      return true;
  }
  return false;
}

/** Node's profiles of tasks have Go's sample type, so that Go's tools read them: the files tell them apart. */
function tasksNoun(profile: Profile): ProfileSummary['noun'] {
  if (!profile.sampleTypes.some(({ type }) => /^(?:goroutine|tasks?)$/.test(type))) return '';
  const { functions, strings } = profile;
  for (let row = 0; row < Math.min(functions.length, 2000); row++) {
    const file = strings.get(functions.filename[row] as number);
    if (/\.(?:go|s)$/.test(file)) return 'goroutines';
    if (/^node:|\.[cm]?[jt]sx?$/.test(file)) return 'tasks';
  }
  return profile.sampleTypes.some(({ type }) => type === 'goroutine') ? 'goroutines' : 'tasks';
}

function typeIndex(profile: Profile, name: string, fallback: number): number {
  if (name === '') return fallback;
  const row = profile.sampleTypes.findIndex(({ type }) => visibleText(type, 100) === name);
  return row < 0 ? fallback : row;
}

function planWeight(plan: FlamePlan): number {
  let sum = 0;
  for (const row of plan.rows ?? []) sum += plan.stacks.weight[row] as number;
  return sum;
}

function topRow(table: FrameTable, sums: ReturnType<typeof sumFrames>, frame: number): TopRow {
  return {
    name: table.name[frame] as string,
    file: table.file[frame] as string,
    line: table.line[frame] as number,
    severalLines: table.severalLines[frame] as boolean,
    origin: table.origin[frame] as Origin,
    flat: sums.flat[frame] as number,
    cum: sums.cum[frame] as number,
    flatBefore: sums.flatBefore?.[frame] ?? 0,
    cumBefore: sums.cumBefore?.[frame] ?? 0,
  };
}

/** Numbers the frames that one answer uses, so that only their texts travel. */
class RowTable {
  readonly ids: number[] = [];
  readonly #table: FrameTable;
  readonly #rows = new Map<number, number>();
  constructor(table: FrameTable) {
    this.#table = table;
  }
  row(frame: number): number {
    const known = this.#rows.get(frame);
    if (known !== undefined) return known;
    const row = this.ids.length;
    this.ids.push(frame);
    this.#rows.set(frame, row);
    return row;
  }
  remap(layout: FlameLayout): FlameLayout {
    const frame = layout.frame.map((id) => (id === rootFrame || id === mergedFrame ? id : this.row(id)));
    return { ...layout, frame };
  }
  list(): FrameList {
    const table = this.#table;
    return {
      name: this.ids.map((id) => table.name[id] as string),
      file: this.ids.map((id) => table.file[id] as string),
      line: Uint32Array.from(this.ids, (id) => table.line[id] as number),
      severalLines: Uint8Array.from(this.ids, (id) => Number(table.severalLines[id])),
      origin: this.ids.map((id) => table.origin[id] as Origin),
      package: this.ids.map((id) => table.package[id] as string),
    };
  }
}

function fileBase(name: string): string {
  const base = shortPath(name, 1)
    .replace(/(?:\.pb)?(?:\.gz)?$/, '')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 80);
  return base === '' ? 'profile' : base;
}

function markdownTop(summary: ProfileSummary, prepared: Prepared): string {
  const { stacks, unit, type } = prepared;
  const sums = sumFrames(stacks);
  const rows = Array.from({ length: stacks.table.length }, (_, frame) => frame)
    .filter((frame) => sums.cum[frame] !== 0)
    .sort((a, b) => Math.abs(sums.flat[b] as number) - Math.abs(sums.flat[a] as number))
    .slice(0, 30);
  const cell = (text: string): string => text.replace(/[\\|`<>*_[\]]/g, '\\$&');
  const lines = [
    `### ${cell(summary.name)}`,
    '',
    `${cell(type)}: ${formatValue(stacks.total, unit)} in ${summary.samples} ${forNumber(summary.samples, 'samples')}`,
    '',
    '| flat | flat% | cum | cum% | function | file |',
    '|---:|---:|---:|---:|---|---|',
    ...rows.map((frame) => {
      const flat = sums.flat[frame] as number;
      const cum = sums.cum[frame] as number;
      const { table } = stacks;
      const file = shortPath(table.file[frame] as string, 3);
      const line = table.line[frame] as number;
      return `| ${formatValue(flat, unit)} | ${formatPercent(flat, stacks.total)} | ${formatValue(cum, unit)} | ${formatPercent(cum, stacks.total)} | ${cell(table.name[frame] as string)} | ${cell(line > 0 ? `${file}:${line}` : file)} |`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}
