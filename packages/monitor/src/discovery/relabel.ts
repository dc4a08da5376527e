// Changes the labels of a target by rules, or leaves it out: what Prometheus's `relabel_configs` do.
// Source: Prometheus, model/relabel, 3.x
import { createHash } from 'node:crypto';
import type { RelabelRule } from '../config/model.ts';

export type Labels = Readonly<Record<string, string>>;

/** A label without a value is none. */
function put(labels: Map<string, string>, name: string, value: string): void {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
}

/** `$1`, `${1}`, `${name}` as Go writes them; `$$` is a `$`. */
function expanded(template: string, match: RegExpExecArray): string {
  return template.replaceAll(
    /\$(?:\$|(\w+)|\{(\w+)\})/gu,
    (whole, bare: string | undefined, braced: string | undefined) => {
      if (whole === '$$') return '$';
      const name = bare ?? braced ?? '';
      return (/^\d+$/u.test(name) ? match[Number(name)] : match.groups?.[name]) ?? '';
    },
  );
}

/** The last eight bytes of the MD5, as Prometheus has it: shards agree with its own. */
function hashMod(text: string, modulus: number): string {
  const digest = createHash('md5').update(text).digest();
  return String(digest.readBigUInt64BE(8) % BigInt(modulus));
}

function apply(rule: RelabelRule, labels: Map<string, string>): boolean {
  const text = rule.sources.map((name) => labels.get(name) ?? '').join(rule.separator);
  const match = rule.regex.exec(text);
  switch (rule.action) {
    case 'keep':
      return match !== null;
    case 'drop':
      return match === null;
    case 'replace':
      if (match !== null) {
        const target = expanded(rule.target, match);
        if (/^[a-z_]\w*$/iu.test(target)) put(labels, target, expanded(rule.replacement, match));
      }
      return true;
    case 'lowercase':
      put(labels, rule.target, text.toLowerCase());
      return true;
    case 'uppercase':
      put(labels, rule.target, text.toUpperCase());
      return true;
    case 'hashmod':
      put(labels, rule.target, hashMod(text, rule.modulus));
      return true;
    case 'labelmap':
      for (const [name, value] of [...labels]) {
        const found = rule.regex.exec(name);
        if (found !== null) put(labels, expanded(rule.replacement, found), value);
      }
      return true;
    case 'labeldrop':
    case 'labelkeep':
      for (const name of [...labels.keys()])
        if (rule.regex.test(name) === (rule.action === 'labeldrop')) labels.delete(name);
      return true;
  }
}

/** The labels after all rules; null where one of them leaves the target out. */
export function relabelled(given: Labels, rules: readonly RelabelRule[]): Labels | null {
  const labels = new Map(Object.entries(given).filter(([, value]) => value !== ''));
  for (const rule of rules) if (!apply(rule, labels)) return null;
  return Object.fromEntries(labels);
}
