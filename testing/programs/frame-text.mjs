// leak: onData|FrameParser
// socketio/socket.io#152: what was parsed stays in the parser's text, only the place to read on moves
class FrameParser {
  #text = '';
  #at = 0;
  frames = 0;
  onData(chunk) {
    this.#text += chunk;
    for (let end = this.#text.indexOf('\n', this.#at); end >= 0; end = this.#text.indexOf('\n', this.#at)) {
      this.frames += 1;
      this.#at = end + 1;
    }
  }
}
const parser = new FrameParser();
let n = 0;
setInterval(() => {
  for (let i = 0; i < 20; i += 1) parser.onData(`{"id":${n++},"state":"open","tags":["a","b"]}\n`);
}, 20);
