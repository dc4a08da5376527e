// One file of each format but pprof's own: what every reader, command and page has to take.
import { fileURLToPath } from 'node:url';

export const fixtureFolder: string = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** Names in {@link fixtureFolder}; beside each lies what it holds, as `NAME.txt`. */
export const formatFiles = [
  'shop.cpuprofile',
  'shop-old.cpuprofile',
  'shop.heapprofile',
  'shop.folded',
  'shop-diff.folded',
  'shop.speedscope.json',
  'page.trace.json',
  'shop.perf',
  'shop.otlp',
  'shop.otlp.json',
  'shop.callgrind',
  'shop.v8.log',
  'shop.austin',
  'shop.mojo',
  // Made by hand, after their documentation.
  'shop.firefox.json',
] as const;

/** More files of formats that are above, by other producers. */
export const moreFiles = [
  'collector.otlp',
  'collector.otlp.json',
  'shop-libjemalloc.heap',
  'page.firefox.json',
  'shop.fxprof.json',
  'shop-java.folded',
] as const;
