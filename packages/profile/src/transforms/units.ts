// Unit families: which units convert into each other, and by which factor (pprof's tables).
// Upstream: google/pprof internal/measurement/measurement.go, 2025-11-14

/** A family of units; `factors` are by lower-case alias without a plural "s", relative to the family's base unit. */
interface Family {
  readonly factors: ReadonlyMap<string, number>;
  /** Factor of the unit that stands in for one of another family. */
  readonly defaultFactor: number;
}

function family(defaultFactor: number, units: readonly (readonly [number, string])[]): Family {
  const factors = new Map<string, number>();
  for (const [factor, names] of units) for (const name of names.split(' ')) factors.set(name, factor);
  return { factors, defaultFactor };
}

const families: readonly Family[] = [
  family(1, [
    [1, 'b byte'],
    [2 ** 10, 'kb kbyte kilobyte'],
    [2 ** 20, 'mb mbyte megabyte'],
    [2 ** 30, 'gb gbyte gigabyte'],
    [2 ** 40, 'tb tbyte terabyte'],
    [2 ** 50, 'pb pbyte petabyte'],
  ]),
  family(1e9, [
    [1, 'ns nanosecond'],
    [1e3, 'us microsecond'],
    [1e6, 'ms millisecond'],
    [1e9, 's sec second'],
    [3.6e12, 'hour hr'],
  ]),
  family(1, [
    [1e-9, 'nanogcu'],
    [1e-6, 'microgcu'],
    [1e-3, 'milligcu'],
    [1, 'gcu'],
    [1e3, 'kilogcu'],
    [1e6, 'megagcu'],
    [1e9, 'gigagcu'],
    [1e12, 'teragcu'],
    [1e15, 'petagcu'],
  ]),
];

function factorIn(units: Family, unit: string): number | undefined {
  let alias = unit.toLowerCase();
  if (alias.length > 2 && alias.endsWith('s')) alias = alias.slice(0, -1);
  return units.factors.get(alias);
}

/** Whether two units are equal or of one family. */
export function unitsConvert(a: string, b: string): boolean {
  return (
    a === b || families.some((units) => factorIn(units, a) !== undefined && factorIn(units, b) !== undefined)
  );
}

/** `value` of unit `from` in the unit `to`; unknown units leave it as it is. */
export function convertUnit(value: number, from: string, to: string): number {
  for (const units of families) {
    const factor = factorIn(units, from);
    if (factor !== undefined) return (value * factor) / (factorIn(units, to) ?? units.defaultFactor);
  }
  return value;
}
