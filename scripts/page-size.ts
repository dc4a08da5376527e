// The weight of the web page without Graphviz: builds it and fails where what runs first, or what waits, is too heavy.
import process from 'node:process';
import { buildUi } from '../packages/ui/build.ts';
import { firstBudget, laterBudget } from '../packages/ui/weight.ts';

const { first, later, laterInWorker, plain } = (await buildUi()).weight;
process.stdout.write(
  [
    `first view: ${first} of ${firstBudget} bytes gzipped`,
    `later: ${later} of ${laterBudget}, of which ${laterInWorker} come with the worker`,
    `all of the page: ${first + later} (${plain} plain), Graphviz not counted`,
    '',
  ].join('\n'),
);
if (first > firstBudget || later > laterBudget) {
  process.stdout.write(
    'The page is too heavy: load a view later (views/registry.ts), leave something out in packages/ui/left-out.ts, or import less in packages/ui/src.\n',
  );
  process.exitCode = 1;
}
