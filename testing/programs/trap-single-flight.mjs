// trap: who asks for what is being fetched waits with the others; it takes eight seconds, and then all are answered at once
const flying = new Map();
async function fetchReport(key) {
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  return { key, rows: new Array(200).fill(0.5) };
}
async function getReport(key) {
  let flight = flying.get(key);
  if (flight === undefined) {
    flight = fetchReport(key).finally(() => flying.delete(key));
    flying.set(key, flight);
  }
  const report = await flight;
  return report.rows.length;
}
setInterval(() => void getReport('daily'), 70);
