// leak: observe|Histogram|onResponse
// TheMorpheus407/the-dmz#2006, rakyll/hey#73: every duration is kept in one array, to reckon percentiles from some day
class Histogram {
  #values = [];
  observe(ms) {
    this.#values.push(ms);
  }
  get count() {
    return this.#values.length;
  }
}
const durations = new Histogram();
function onResponse(ms) {
  durations.observe(ms);
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 120; i += 1) onResponse(5 + ((n++ * 7919) % 1000) / 8);
}, 20);
