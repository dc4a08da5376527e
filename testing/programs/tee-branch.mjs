// leak: relay|onUpstream|Relay
// tombii/better-ccflare#238, nodejs/undici#3445: of a body that was teed one branch is counted at once, the other waits for a client that reads no more
class Relay {
  bytes = 0;
  relay(upstream) {
    const [counted, kept] = upstream.tee();
    void this.count(counted);
    return new Response(kept);
  }
  async count(stream) {
    for await (const chunk of stream) this.bytes += chunk.byteLength;
  }
}
const relay = new Relay();
const clients = new Set();
function onUpstream() {
  let n = 0;
  const upstream = new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      controller.enqueue(new Uint8Array(6_000).fill(n++));
    },
  });
  clients.add(relay.relay(upstream));
}
for (let i = 0; i < 3; i += 1) onUpstream();
