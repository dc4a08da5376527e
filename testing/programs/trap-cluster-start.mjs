// trap: a primary that starts its four workers one after the other, five seconds apart, and no more
import cluster from 'node:cluster';

if (cluster.isPrimary) {
  const startWorker = () => cluster.fork();
  startWorker();
  const timer = setInterval(() => {
    startWorker();
    if (Object.keys(cluster.workers).length >= 4) clearInterval(timer);
  }, 5_000);
  setInterval(() => {}, 1_000);
} else {
  setInterval(() => {}, 1_000);
}
