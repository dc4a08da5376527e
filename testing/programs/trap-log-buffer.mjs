// trap: lines are buffered and written every 17 s (winstonjs/winston#2247-like reports)
class Log {
  lines = [];
  written = 0;
  write(level, text, fields) {
    this.lines.push({ level, text, fields, at: new Date() });
  }
  flush() {
    const lines = this.lines;
    this.lines = [];
    this.written += lines.map((line) => JSON.stringify(line)).join('\n').length;
  }
}
const log = new Log();
setInterval(() => log.flush(), 17_000);
async function handle(n) {
  log.write('info', `request ${n}`, { path: `/items/${n % 30}`, ms: n % 90, agent: 'x'.repeat(200) + n });
  await new Promise((resolve) => setTimeout(resolve, 20));
  log.write('info', `answered ${n}`, { status: 200 });
}
let n = 0;
setInterval(() => void handle(n++), 10);
