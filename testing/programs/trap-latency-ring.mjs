// trap: the last 40,000 durations in a ring: an array that fills for 20 s, and is written over from then on (TheMorpheus407/the-dmz#2006, mended)
class Histogram {
  #values = [];
  #at = 0;
  observe(ms) {
    if (this.#values.length < 40_000) this.#values.push(ms);
    else this.#values[this.#at++ % 40_000] = ms;
  }
}
const durations = new Histogram();
let n = 0;
setInterval(() => {
  for (let i = 0; i < 40; i += 1) durations.observe(5 + ((n++ * 7919) % 1000) / 8);
}, 20);
