// leak: transfer|handle
// knex/knex#3844, knex/knex#1655: a transaction that is neither committed nor rolled back keeps its connection, and the rest wait
import { Pool } from 'tarn';

const pool = new Pool({
  create: async () => ({ inTransaction: false }),
  destroy: () => {},
  min: 0,
  max: 4,
  acquireTimeoutMillis: 3_600_000,
});
const query = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function transfer(from, to, amount) {
  const connection = await pool.acquire().promise;
  connection.inTransaction = true;
  await query(8);
  if (amount > 900) return 'insufficient funds'; // no rollback
  await query(8);
  connection.inTransaction = false;
  pool.release(connection);
  return `${from} → ${to}`;
}
async function handle(n) {
  return await transfer(`a${n % 50}`, `b${n % 70}`, (n * 137) % 1000);
}
let n = 0;
setInterval(() => void handle(n++), 200);
