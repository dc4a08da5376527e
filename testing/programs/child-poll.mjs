// leak: pollUsage|runTool
// robinebers/openusage#431, thedotmack/claude-mem#737: a child that hangs is given up and not killed, and the next poll starts another
import { spawn } from 'node:child_process';

function runTool() {
  const child = spawn('sleep', ['3600'], { stdio: ['ignore', 'pipe', 'ignore'] });
  child.on('error', () => {});
  return new Promise((resolve) => {
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.once('exit', () => resolve(output));
    setTimeout(resolve, 500, null); // no answer: but the child lives on
  });
}
async function pollUsage() {
  return (await runTool()) ?? 'unknown';
}
setInterval(() => void pollUsage(), 1500);
