// For `node --import @stackpile/agent/register` and `node -r`: serves profiles as the environment says, without a change of code.
import { type PprofServer, startFromEnvironment } from './index.ts';

/** What is served; null where nothing is, which a line on stderr explains. */
export const server: Promise<PprofServer | null> = startFromEnvironment();
