// Every number by which the judge decides, each with its reason; test/rules.ts holds for each of them what goes wrong without it.

/** One number of the judge. */
export interface Rule {
  readonly value: number;
  /** Why it is that much, and what it keeps apart. */
  readonly why: string;
}

/** The table itself. */
export const ruleTable = {
  // How a series moves (trend.ts).
  sureOfThree: { value: 3.5, why: 'three points line up by chance one time in six: only a clear gain, in σ' },
  sureOfFour: { value: 3, why: 'four points still line up by chance now and then, in σ' },
  sureOfMany: {
    value: 2.5,
    why: 'five points and more: chance seldom gains this many σ and rises throughout',
  },
  sureOfTwo: { value: 3, why: 'two points show a difference, never a trend: more than chance, in σ' },
  returnedHeight: { value: 3, why: 'a burst is what stands this many σ above its beginning' },
  returnedRest: { value: 0.5, why: 'a burst has come back when less than this share of its height is left' },
  order: { value: 0.5, why: "Kendall's tau from four points on: a growth rises more often than not" },
  orderOfMany: {
    value: 2,
    why: "deviate of Kendall's score from six points on: chance makes a tau of 0.5 now and then",
  },
  endSteps: {
    value: 4,
    why: 'the end of a series is its last fourth of steps: long enough to show that it went flat',
  },
  flatEnd: { value: 0.25, why: 'the end rose by less than this share of what the whole pace asks for' },
  flatEndSure: {
    value: 2.5,
    why: 'so many σ must have been expected of the end before its flatness says anything',
  },
  stillEndSure: { value: 2, why: 'an end without any rise says as much with fewer σ expected' },
  levelWidth: { value: 0.02, why: 'points within this share of the whole gain stand on one level' },
  levelLength: { value: 2, why: 'so many steps on one level are a level, one is a pause' },
  settledHalf: { value: 0.25, why: 'the second half gained less than this share of its part: it filled up' },
  slowingHalf: {
    value: 0.5,
    why: 'the second half gained less than this share of its part: it may be filling up',
  },
  stepHeight: { value: 0.1, why: 'a rise counts where it is this share of the mean rise' },
  stepsOfFew: { value: 2, why: 'up to four points: a growth has this many rises, a jump one' },
  steps: { value: 3, why: 'from five points on: two rises may be two batches' },
  // What is worth a word (judge.ts, groups.ts, objects.ts).
  leastBytes: { value: 131_072, why: 'a heap breathes by more than this in rest' },
  leastShareOfBytes: { value: 0.02, why: 'a large heap breathes by hundredths of itself' },
  leastObjects: {
    value: 20,
    why: 'a runtime makes and keeps a few objects now and then: of a heap, fewer than this are not worth a word …',
  },
  largeObjects: { value: 524_288, why: '… but where they keep so many bytes more than at first …' },
  fewLargeObjects: { value: 4, why: '… so few are' },
  oneThing: {
    value: 0.1,
    why: 'a task and the timer that it waits for come and go together: numbers that differ by less than this share are one',
  },
  largeShare: { value: 0.02, why: 'what did not move is worth judging where it is this share of all' },
  tradesPlaces: {
    value: 0.3,
    why: 'stacks of one culprit that gain while all of them together gain less than this share traded places',
  },
  lostElsewhere: { value: 0.7, why: 'others lost this share of what one gained: work moved' },
  lossBeyond: {
    value: 2,
    why: 'a stack has lost what is missing beyond so many σ of chance: traffic is less at the end every other time',
  },
  explained: {
    value: 0.5,
    why: 'findings that explain less than this share of the growth do not explain it',
  },
  unexplainedShare: { value: 0.1, why: 'growth of the total below this share of it needs no explanation' },
  significant: {
    value: 0.1,
    why: 'what grows and makes up this share of the growth or of all keeps an acquittal from being one',
  },
  ownShare: {
    value: 0.05,
    why: "of what grows in step, the user's own code is told before a library's frame, unless it is a smaller share of it than this",
  },
  // Two dumps (assess.ts).
  twoFirst: { value: 4, why: 'of fewer than this nobody can say what share ended' },
  twoTurnover: { value: 0.65, why: 'where this share of the first dump has ended, the second is traffic' },
  twoGain: { value: 50, why: 'two dumps convict only a growth of at least so many' },
  twoFactor: { value: 2, why: '… and to at least so many times the first' },
  twoShareOfGain: { value: 0.5, why: '… that is at least this share of all growth' },
  twoEnded: { value: 0.1, why: '… of which at most this share has ended' },
  twoLostElsewhere: { value: 0.5, why: '… while others lost less than this share of it' },
  rampGain: {
    value: 150,
    why: 'by counts alone, over few dumps: a smaller growth than this is as well load that rises',
  },
  // Without ids (assess.ts).
  rampDumps: {
    value: 6,
    why: 'load rises over five dumps now and then: by counts alone a pile takes so many',
  },
  waitsThroughout: { value: 0.9, why: 'who has waited for this share of the window is no work in flight' },
  fallenExact: { value: 0.02, why: 'a pile never shrinks: counted ones may fall by this share of the gain' },
  fallenSampled: { value: 0.05, why: 'sampled counts fall by themselves: by this share of the gain' },
  jitterFrom: { value: 4, why: 'jitter shows in three differences of steps or more' },
  jitterUntil: {
    value: 8,
    why: 'beyond so many dumps falls tell enough, and a real pile that comes in waves jitters',
  },
  jitter: { value: 4, why: 'steps that differ by so many variances are work in flight, not a pile' },
  // With ids (assess.ts).
  hintOfGrowth: {
    value: 2,
    why: 'two dumps of which nobody stayed acquit only what grew by less than so many σ',
  },
  livesLonger: {
    value: 1.5,
    why: 'work in flight that grows by more than so many times what arrives takes longer: a backlog, not load',
  },
  fewestInFlight: { value: 5, why: 'of fewer nobody can say how long they take' },
  shortLives: {
    value: 0.5,
    why: 'where more than this share of all that arrived since the last dump is still there, it is no short work: a queue',
  },
  measuredLives: { value: 3, why: 'so many dumps have to say how long work takes before that is told' },
  settledCounts: {
    value: 0.3,
    why: 'where numbers gained less than this share of those that stayed since the second dump, others left for them',
  },
  stayedOfThree: { value: 4, why: 'of three dumps: fewer that stayed are chance' },
  stayed: { value: 3, why: 'fewer that stayed are chance' },
  churning: {
    value: 0.25,
    why: 'where more than this share of those who came left early, those who are fresh prove nothing yet',
  },
  leastStayed: { value: 3, why: 'a gain of fewer that stay is none' },
  keptByTraffic: { value: 0.35, why: 'below this share kept there is no pile, only traffic' },
  keptByPile: { value: 0.75, why: 'of those that had settled in, this share must have stayed for a pile' },
  heldEnded: {
    value: 0.25,
    why: 'of objects and open things that pile up hardly any end: where this share has ended, a pool fills up under load',
  },
  backlogDumps: { value: 5, why: 'fewer dumps show no queue that grows' },
  backlogLeast: { value: 30, why: 'a queue of fewer is none worth a word' },
  backlogGrowth: {
    value: 2.5,
    why: 'load that rises less than so many times cannot be told from a queue that grows',
  },
  backlogRatio: {
    value: 1.2,
    why: 'as many wait as come while one waits: where more do, more came of late, and it is load',
  },
  backlogTail: {
    value: 2.3,
    why: 'in a queue nobody overtakes: nine of ten have waited less than so many times as long as half of them',
  },
  // Pools (assess.ts).
  poolFew: {
    value: 6,
    why: 'so few that came one by one are as well a pool that fills: workers, connections, consumers',
  },
  poolMost: { value: 16, why: 'pools are seldom larger by themselves: what has grown beyond is none …' },
  poolIdle: {
    value: 2.5,
    why: '… up to there it is, where none has come for so many times as long as before …',
  },
  poolSteady: {
    value: 0.5,
    why: '… or, where the steps differ so little beside their mean that they come by a clock, which chance does not give …',
  },
  poolIdleSteady: { value: 1.5, why: '… for so many times as long: a clock misses no beat' },
  leastOfThree: { value: 8, why: 'three dumps convict only so many that stayed or came' },
} as const;

/** The numbers for open files, which only a counter tells (files.ts): test/files.test.ts holds each of them. */
export const fileRuleTable = {
  gain: { value: 20, why: 'a program keeps some files open: fewer than this more are not worth a word' },
  looks: { value: 4, why: 'three looks line up by chance now and then' },
  fallen: {
    value: 0.1,
    why: 'a pile of files never shrinks: what comes and goes beside it may fall by this share of the gain',
  },
  later: {
    value: 0.5,
    why: 'the later half has to bring this share of its part: what was opened at first only is a pool',
  },
  other: {
    value: 0.5,
    why: 'where handles, workers and children grew by this share of it, sockets and pipes are what is open',
  },
} as const;

/** The same, by name. */
export type FileRules = Readonly<Record<keyof typeof fileRuleTable, number>>;

/** What the judge of open files goes by, with some numbers of one's own. */
export function fileRulesWith(own: Partial<FileRules>): FileRules {
  const { gain, looks, fallen, later, other } = fileRuleTable;
  return {
    gain: gain.value,
    looks: looks.value,
    fallen: fallen.value,
    later: later.value,
    other: other.value,
    ...own,
  };
}

export type RuleName = keyof typeof ruleTable;

/** The numbers, by name. */
export type Rules = Readonly<Record<RuleName, number>>;

/** What the judge goes by, with some numbers of one's own. */
export function rulesWith(own: Partial<Rules>): Rules {
  const known: Readonly<Record<RuleName, Rule>> = ruleTable;
  const entries = Object.entries(known).map(([name, { value }]) => [name, value] as const);
  return { ...(Object.fromEntries(entries) as Rules), ...own };
}

/** What the judge goes by. */
export const rules: Rules = rulesWith({});
