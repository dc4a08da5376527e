// trap: a report is one text that is written to for 18 s, handed over, and begun anew (fjgbue/claude-delegator-deepseek-mcp#18-like)
class Report {
  #text = '';
  line(text) {
    this.#text += text;
  }
  take() {
    const text = this.#text;
    this.#text = '';
    return text.length;
  }
}
const report = new Report();
let n = 0;
setInterval(() => {
  for (let i = 0; i < 60; i += 1) report.line(`${n++};open;ok\n`);
}, 20);
setInterval(() => report.take(), 18_000);
