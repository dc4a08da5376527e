// leak: watchPrice|quote
// bitwarden/clients#21087, ReactiveX/rxjs#5931: shareReplay made per call keeps its source going after the last subscriber left
import { firstValueFrom, interval, map, shareReplay, startWith } from 'rxjs';

function watchPrice(symbol) {
  return interval(5_000).pipe(
    startWith(0),
    map((tick) => ({ symbol, tick, history: new Array(300).fill(tick + 0.5) })),
    shareReplay(1),
  );
}
async function quote(symbol) {
  const { tick } = await firstValueFrom(watchPrice(symbol)); // unsubscribes at once
  return tick;
}
let n = 0;
setInterval(() => void quote(`S${n++ % 40}`), 250);
