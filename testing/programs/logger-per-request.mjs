// leak: loggerFor|handle
// winstonjs/winston#1334, SAP/vscode-logging#76: a logger per request is piped into the one transport, and stays there
import { Writable } from 'node:stream';
import winston from 'winston';

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
const transport = new winston.transports.Stream({ stream: nowhere });
transport.setMaxListeners(0);
function loggerFor(id) {
  return winston.createLogger({ defaultMeta: { id }, transports: [transport] });
}
async function handle(id) {
  const logger = loggerFor(id);
  logger.info('begun');
  await new Promise((resolve) => setTimeout(resolve, 20));
  logger.info('done');
}
let n = 0;
setInterval(() => void handle(n++), 150);
