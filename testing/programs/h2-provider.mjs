// leak: sendNotification|connectProvider|push
// appfeel/node-pushnotifications#55, node-apn/node-apn#542: a provider with an HTTP/2 session per message, never shut down
import { fork } from 'node:child_process';
import http2 from 'node:http2';

if (process.argv[2] === 'server') {
  const server = http2.createServer().listen(0, '127.0.0.1', () => process.send(server.address().port));
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('ok');
  });
  process.on('disconnect', () => process.exit());
} else {
  const child = fork(process.argv[1], ['server'], { execArgv: [] });
  const port = await new Promise((resolve) => child.once('message', resolve));
  function connectProvider() {
    return http2.connect(`http://127.0.0.1:${port}`);
  }
  function sendNotification(token) {
    const session = connectProvider();
    return new Promise((resolve, reject) => {
      const stream = session.request({ ':path': `/3/device/${token}`, ':method': 'POST' });
      stream.on('response', (headers) => resolve(headers[':status']));
      stream.on('error', reject);
      stream.resume();
      stream.end('{}');
    });
  }
  async function push(n) {
    return (await sendNotification(`token${n}`)) === 200;
  }
  let n = 0;
  setInterval(() => void push(n++), 500);
}
