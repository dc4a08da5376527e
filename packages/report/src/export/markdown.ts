// The entries of `top` as a Markdown table for pull requests and issues.
import { add64, type Int64 } from '../int64.ts';
import { percentage } from '../measurement.ts';
import type { PreparedReport } from '../prepare.ts';
import type { TimeZone } from '../context.ts';
import { textItems } from '../print/text.ts';

/** Code in a cell: what ends a cell or a code span is taken out of its meaning. */
function code(text: string): string {
  const line = text.replace(/[\r\n]+/g, ' ').replaceAll('|', '\\|');
  const ticks = /`/.test(line) ? '``' : '`';
  return ticks === '`' ? `\`${line}\`` : `\`\` ${line} \`\``;
}

/** The header as a list, then the table. */
export function markdownReport(report: PreparedReport, zone?: TimeZone): string {
  const { items, labels } = textItems(report, zone);
  const lines = labels.flatMap((label) => label.split('\n')).filter((label) => label.trim() !== '');
  let text = lines.map((line) => `- ${line.trim().replace(/[\\`*_<>|[\]]/g, '\\$&')}\n`).join('');
  text += '\n| flat | flat% | sum% | cum | cum% | function |\n| ---: | ---: | ---: | ---: | ---: | :--- |\n';
  let sum: Int64 = typeof report.total === 'number' ? 0 : 0n;
  for (const { name, inlineLabel, flat, cum, flatText, cumText } of items) {
    sum = add64(sum, flat);
    const share = (value: Int64): string => percentage(value, report.total).trim();
    const mark = inlineLabel === '' ? '' : ` ${inlineLabel}`;
    text += `| ${flatText} | ${share(flat)} | ${share(sum)} | ${cumText} | ${share(cum)} | ${code(name)}${mark} |\n`;
  }
  return text;
}
