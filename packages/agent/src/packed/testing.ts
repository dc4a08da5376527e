// The published checks for tests, with marks around them: the order of these lines is the order in their file.
import './begin.ts';
import './labels-end.ts';
export * from '../testing.ts';
import './end.ts';
