// trap: a window of the last 900 readings fills for 36 s, and then slides (ReactiveX/rxjs#5034-like)
import { interval, map, ReplaySubject } from 'rxjs';

const readings = new ReplaySubject(900);
interval(40)
  .pipe(map((n) => ({ n, values: new Array(120).fill(n + 0.5) })))
  .subscribe(readings);
function summarize() {
  let count = 0;
  readings.subscribe((reading) => (count += reading.values.length)).unsubscribe();
  return count;
}
setInterval(summarize, 3_000);
