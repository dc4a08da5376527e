// Runs the service: PORT (8080) and PPROF_TOKEN come from the environment.
import { createApp } from './app.ts';

const token = process.env['PPROF_TOKEN'];
if (token === undefined || token.length < 8) {
  console.error('PPROF_TOKEN must be set, to a secret of at least 8 characters');
  process.exit(1);
}
const port = Number(process.env['PORT'] ?? 8080);
const { app } = createApp(token);
app.listen(port, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${port}/ and, with the token, http://127.0.0.1:${port}/debug/pprof/`);
});
