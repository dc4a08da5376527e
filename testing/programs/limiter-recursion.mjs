// leak: removeTokens|send
// data-fair/data-fair#486: retrying by awaited recursion under a full bucket: each try stays under the one after it
class TokenBucket {
  tokens = 4;
  constructor() {
    setInterval(() => (this.tokens = Math.min(4, this.tokens + 1)), 2_000);
  }
  async removeTokens(count) {
    if (this.tokens >= count) return (this.tokens -= count);
    await new Promise((resolve) => setTimeout(resolve, 4));
    return await this.removeTokens(count);
  }
}
const bucket = new TokenBucket();
async function send(client) {
  await bucket.removeTokens(client === 0 ? 1 : 5); // more than it ever holds
  return client;
}
for (let client = 1; client <= 12; client++) void send(client);
setInterval(() => void send(0), 2_500);
