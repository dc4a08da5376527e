// leak: transition|nextState
// statelyai/xstate#1023: each state knows the one before it, so that all that ever were are held by the last
function nextState(previous, event) {
  return { value: event.type, context: { ...previous.context, seen: event.id }, history: previous };
}
class Machine {
  state = { value: 'idle', context: { seen: 0, tags: [] }, history: null };
  transition(event) {
    this.state = nextState(this.state, event);
  }
}
const orders = new Machine();
let n = 0;
setInterval(() => {
  for (let i = 0; i < 15; i += 1) orders.transition({ type: i % 2 === 0 ? 'open' : 'close', id: n++ });
}, 40);
