// trap: a report that starts after 20 s, works on 240 accounts, some at a time, and is done 25 s later (msqd/harp#946-like)
const accounts = Array.from({ length: 240 }, (_, id) => ({ id, rows: [] }));
async function loadRows(account) {
  for (let page = 0; page < 5; page++) {
    await new Promise((resolve) => setTimeout(resolve, 1000 + (account.id % 20) * 60));
    account.rows.push(new Array(500).fill(page + 0.5));
  }
}
async function report() {
  const running = [];
  for (const account of accounts) {
    running.push(loadRows(account));
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  await Promise.all(running);
  for (const account of accounts) account.rows = [];
}
async function heartbeat() {
  for (;;) await new Promise((resolve) => setTimeout(resolve, 500));
}
void heartbeat();
setTimeout(() => void report(), 20_000);
