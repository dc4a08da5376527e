// leak: record|Transcript|onToken
// fjgbue/claude-delegator-deepseek-mcp#18, nodejs/node#37316: a session's transcript is one string that nobody reads and nobody cuts
class Transcript {
  #text = '';
  record(token) {
    this.#text += token;
  }
  get length() {
    return this.#text.length;
  }
}
const session = new Transcript();
let n = 0;
function onToken() {
  session.record(` token-${n++}`);
}
setInterval(() => {
  for (let i = 0; i < 60; i += 1) onToken();
}, 20);
