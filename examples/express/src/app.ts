// A small service, and the profiles mounted on it.
import { createHandler, type PprofHandler } from '@stackpile/agent';
import express, { type Express } from 'express';

export interface App {
  app: Express;
  pprof: PprofHandler;
}

/** `token` guards the profiles: whoever reaches the service reaches them too. */
export function createApp(token: string): App {
  const app = express();
  const pprof = createHandler({ auth: token });
  app.use('/debug/pprof', pprof);
  app.get('/', (_request, response) => {
    response.send('ok\n');
  });
  app.get('/digest/:rounds', (request, response) => {
    response.send(`${digest(Number(request.params.rounds))}\n`);
  });
  return { app, pprof };
}

/** Something for the CPU profile to show. */
function digest(rounds: number): number {
  let sum = 0;
  for (let i = 0; i < Math.min(rounds, 50_000_000); i++) sum = (sum * 31 + i) | 0;
  return sum;
}
