// leak: subscribeTo|onClient|resolveFeed
// davidyaha/graphql-redis-subscriptions#197, axelspringer/graphql-google-pubsub#16: the client is gone, its iterator is never returned
import { PubSub } from 'graphql-subscriptions';

const feed = new PubSub();
feed.ee.setMaxListeners(0);
function subscribeTo(topic) {
  return feed.asyncIterableIterator(topic);
}
async function onClient(id) {
  const events = subscribeTo('orders');
  const first = await events.next();
  return { id, first };
}
let n = 0;
setInterval(() => void onClient(n++), 120);
setInterval(() => void feed.publish('orders', { at: Date.now(), lines: [1, 2, 3] }), 400);
