// trap: every call listens to the signal of the process's end and to its own deadline, and takes its listener away when it is done
const shutdown = new AbortController();
async function call(n) {
  const signal = AbortSignal.any([shutdown.signal, AbortSignal.timeout(2_000)]);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        signal.removeEventListener('abort', give);
        resolve({ n });
      },
      20 + (n % 40),
    );
    function give() {
      clearTimeout(timer);
      reject(signal.reason);
    }
    signal.addEventListener('abort', give);
  });
}
let n = 0;
setInterval(() => {
  call(n++).catch(() => undefined);
}, 15);
