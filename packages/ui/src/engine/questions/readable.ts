// What demangles: much code, for the few profiles that need it.
export { withReadableNames } from '@stackpile/report';
