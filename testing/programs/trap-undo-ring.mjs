// trap: the last two hundred states are kept, however many there were
const history = [];
function transition(event) {
  history.push({
    value: event.type,
    seen: event.id,
    at: Date.now(),
    body: new Array(50).fill(event.id + 0.5),
  });
  if (history.length > 200) history.shift();
}
let n = 0;
setInterval(() => {
  for (let i = 0; i < 12; i += 1) transition({ type: 'open', id: n++ });
}, 40);
