// Where the axis of a chart ends.

/** The least round number that is not below `value`: a digit (or 1.5) times a power of ten, of the unit that is shown. */
export function axisTop(value: number, unit: string): number {
  const base = unit === 'bytes' ? 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(1, value)) / 10)) : 1;
  const plain = Math.max(1, value / base);
  const power = 10 ** Math.floor(Math.log10(plain));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8].find((step) => step * power >= plain) ?? 10) * power * base;
}
