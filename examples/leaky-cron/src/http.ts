// The service's own HTTP server: GET /healthz, and POST /tasks to announce a new task to every instance.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { log, reason } from './log.ts';
import { NEW_TASK_CHANNEL, type RedisClient } from './redis.ts';

export async function serve(client: RedisClient, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    answer(client, request, response).catch((error: unknown) => {
      log.error('request', { url: request.url, reason: reason(error) });
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function answer(
  client: RedisClient,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  if (request.method === 'GET' && request.url === '/healthz') {
    response.end('ok\n');
  } else if (request.method === 'POST' && request.url === '/tasks') {
    await client.publish(NEW_TASK_CHANNEL, '1');
    response.writeHead(202).end();
  } else {
    response.writeHead(404).end('not found\n');
  }
}
