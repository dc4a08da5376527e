// A profile whose every text attacks the page: markup, scripts, bidi marks, a name of a megabyte, a bomb of labels.
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';

const attacks = [
  '<script>globalThis.attacked=1</script>',
  '"><img src=x onerror="globalThis.attacked=1">',
  "'-globalThis.attacked=1-'",
  '</title><svg onload=globalThis.attacked=1>',
  '${globalThis.attacked=1}',
  '{{constructor.constructor("globalThis.attacked=1")()}}',
  'javascript:globalThis.attacked=1',
  '</script><script>globalThis.attacked=1</script>',
  '<!--<script>',
  '\u202egnp.exe\u202c\u2066hidden\u2069\u200b',
  'null\u0000byte\u0007\u001b[31m',
  '__proto__',
  'constructor',
  'N1 [label="x"]; N2',
  '\\N\\G\\E"];}',
];

/** @param more so many more of each than in the first */
export function hostileProfile(more = 0): Uint8Array<ArrayBuffer> {
  const builder = new ProfileBuilder({
    sampleTypes: [{ type: 'goroutine', unit: 'count' }],
    docUrl: 'javascript:globalThis.attacked=1',
  });
  for (const attack of attacks) builder.comment(attack);
  const bomb = Array.from({ length: 2000 }, (_, i) => ({
    key: `key${i}${attacks[i % attacks.length] ?? ''}`,
    text: 'x'.repeat(50),
  }));
  for (const [index, attack] of attacks.entries()) {
    const stack = [
      builder.location({
        lines: [{ function: builder.function(attack, `/app/${attack}.ts`, 1), line: index + 1 }],
      }),
      builder.location({ lines: [{ function: builder.function(`main${attack}`, attack), line: 3 }] }),
    ];
    builder.sample(
      stack,
      [10 + index + more],
      [
        { key: 'state', text: attack },
        { key: attack, text: attack },
        { key: 'created_by', text: attack },
        ...(index === 0 ? bomb : []),
      ],
    );
  }
  const huge = builder.location({
    lines: [{ function: builder.function('m'.repeat(1_000_000), '/app/huge.ts'), line: 1 }],
  });
  builder.sample([huge], [40]);
  return encodeProfile(builder.build()) as Uint8Array<ArrayBuffer>;
}
