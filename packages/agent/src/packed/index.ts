// The published agent, with marks around it: the order of these lines is the order in its file.
import './begin.ts';
export { withLabels } from '../tasks/labels.ts';
import './labels-end.ts';
export * from '../index.ts';
import './end.ts';
