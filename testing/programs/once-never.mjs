// leak: waitForReply|ask
// TooTallNate/once#10: a listener per question for an answer that never comes, each under a name of its own, and no timeout
import { EventEmitter, once } from 'node:events';

const replies = new EventEmitter();
async function waitForReply(id) {
  const [body] = await once(replies, `reply:${id}`);
  return body;
}
async function ask(id) {
  if (id % 3 === 0) setTimeout(() => replies.emit(`reply:${id}`, { id }), 40);
  return waitForReply(id);
}
let n = 0;
setInterval(() => void ask(n++), 120);
