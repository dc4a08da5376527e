// How far a count of sampled tasks may be from the truth, told from the sample itself.

/** A sampled task. */
export interface Sampled {
  /** How many it stands for. */
  readonly weight: number;
  /** The part of the weight that is not chance but reckoning: for a time that nobody saw, at the rate of the time before. */
  readonly guessed: number;
  /**
   * The look it was seen in, or the window of the hook, as a negative number. What was seen together was drawn together; numbers that
   * follow one another were drawn one after the other.
   */
  readonly cluster: number;
  /** Whether it was seen right before the hook went off for the first time, no longer before than that took. */
  readonly edge: boolean;
}

/** Part by which a rate may be off that was taken from another time. */
const GUESS = 0.5;
/** Tasks per look from which on a look that finds nothing means that there was nothing. */
const SPARSE = 1;
const MOST_MISSED = 1000;
/** Within how many standard errors Student's distribution holds 95 %: Cornish and Fisher's expansion. */
function student(freedom: number): number {
  const degrees = Math.max(1, freedom);
  return 1.96 + 2.37 / degrees + 2.82 / degrees ** 2 + 2.55 / degrees ** 3 + 1.59 / degrees ** 4;
}

interface Cluster {
  sampled: number;
  weight: number;
}

/** Adds up sampled tasks, and what chance there was in drawing them. */
export class Estimate {
  #count = 0;
  #sampled = 0;
  #guessed = 0;
  #edge = 0;
  readonly #clusters = new Map<number, Cluster>();
  readonly #weightOf: (look: number) => number;

  /** @param weightOf the weight of what is seen in a look, 0 where nobody knows; also for looks in which nothing was seen */
  constructor(weightOf: (look: number) => number = () => 0) {
    this.#weightOf = weightOf;
  }

  /** Adds one. */
  add({ weight, guessed, cluster, edge }: Sampled): void {
    this.#count += weight;
    this.#sampled++;
    this.#guessed += guessed;
    if (edge) this.#edge += weight;
    if (weight === 1) return;
    const known = this.#clusters.get(cluster);
    if (known === undefined) this.#clusters.set(cluster, { sampled: 1, weight });
    else {
      known.sampled++;
      known.weight += weight;
    }
  }

  /** The sum of the weights, which is right in the mean: the Horvitz–Thompson estimate. */
  get count(): number {
    return this.#count;
  }

  /**
   * Standard error of the count. One run is drawn from each stratum, which leaves nothing to compare within it; so neighbours
   * are compared, as is done for systematic samples (successive differences: Wolter, Introduction to Variance Estimation, 2007,
   * 8.2): half of the squared difference of what two looks in a row have found, times w (w − 1) for the weight w of each. Where
   * the neighbour has found nothing that is here still, this comes to w (w − 1) y², as for runs drawn one by one. Windows of the
   * hook are clusters of the same kind, and their differences hold what is left to chance within them (ultimate clusters: the
   * same, 2.4). The first time without a hook is compared with as much time before it.
   */
  get error(): number {
    return Math.sqrt(this.#variances().reduce((sum, one) => sum + one, 0));
  }

  #variances(): number[] {
    const variances = [(GUESS * this.#guessed) ** 2, this.#edge ** 2 / 2];
    for (const number of this.#clusters.keys()) {
      const { sampled, scale } = this.#of(number);
      for (const side of [number - 1, number + 1]) {
        // Windows and looks are not neighbours of one another.
        const other = this.#of(side);
        if (side === 0 || other.sampled === 0) variances.push((scale * sampled ** 2) / 2);
        else if (side > number) variances.push(((scale + other.scale) / 4) * (sampled - other.sampled) ** 2);
      }
    }
    return [...variances, this.#missed()];
  }

  /**
   * Variance of what the looks after the last one that found something could have found, by the mean of those before: where few do, the
   * heaviest ones seldom do, and a sample without them looks surer than it is. In 3 times as many as find one in the mean, 95 of 100
   * times one does (the rule of three: Hanley and Lippman-Hand, JAMA 249, 1983).
   */
  #missed(): number {
    const looks = [...this.#clusters.keys()].filter((number) => number > 0);
    if (looks.length === 0) return 0;
    const [first, last] = [Math.min(...looks), Math.max(...looks)];
    const each = looks.reduce((sum, look) => sum + this.#of(look).sampled, 0) / (last - first + 1);
    if (each >= SPARSE) return 0;
    let variance = 0;
    for (let look = last + 1; look <= last + Math.min(MOST_MISSED, 3 / each); look++) {
      const weight = this.#weightOf(look);
      variance += each * weight * Math.max(0, weight - 1);
    }
    return variance;
  }

  #of(number: number): { sampled: number; scale: number } {
    const cluster = this.#clusters.get(number);
    if (cluster === undefined) return { sampled: 0, scale: 0 };
    const weight = cluster.weight / cluster.sampled;
    return { sampled: cluster.sampled, scale: weight * (weight - 1) };
  }

  /**
   * The interval that holds the truth in 95 of 100 cases. Counts of few samples are skewed: they are too low more often than too
   * high, and by less. So it is symmetrical in the logarithm, as for animals that are counted from samples (Burnham and others,
   * Design and Analysis Methods for Fish Survival Experiments, 1987, p. 212), and never begins below what was seen. Where few
   * samples make most of the error, it is itself unsure: Student's distribution is taken, with Satterthwaite's degrees of freedom.
   */
  get between(): readonly [low: number, high: number] {
    const variances = this.#variances();
    const variance = variances.reduce((sum, one) => sum + one, 0);
    if (variance === 0) return [this.#count, this.#count];
    const freedom = variance ** 2 / variances.reduce((sum, one) => sum + one ** 2, 0);
    const factor = Math.exp(student(freedom) * Math.sqrt(Math.log1p(variance / this.#count ** 2)));
    return [Math.max(this.#sampled, this.#count / factor), this.#count * factor];
  }

  /** By how many percent the truth may lie above the count, at most, in 95 of 100 cases; 0 where everything was counted. */
  get percent(): number {
    return this.#count === 0 ? 0 : Math.ceil((this.between[1] / this.#count - 1) * 100);
  }
}
