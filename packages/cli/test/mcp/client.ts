// The SDK's own client, over a real `stackpile mcp` process.
import assert from 'node:assert/strict';
import process from 'node:process';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { command } from '../../../../testing/command.ts';

/** What a call came to. */
export interface Told {
  readonly text: string;
  readonly refused: boolean;
}

/** A client that is connected. */
export interface Assistant {
  readonly client: Client;
  call(name: string, args?: Record<string, unknown>): Promise<Told>;
  /** All of stderr so far. */
  stderr(): string;
  close(): Promise<void>;
}

/** Starts the server with these arguments, and connects. */
export async function assistant(args: readonly string[], cwd: string): Promise<Assistant> {
  const transport = new StdioClientTransport({
    command: command.program,
    args: [...command.args, 'mcp', ...args],
    cwd,
    env: { PATH: process.env['PATH'] ?? '' },
    stderr: 'pipe',
  });
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const client = new Client({ name: 'test', version: '1' });
  client.onerror = (error) => {
    stderr += `client: ${error.message}\n`;
  };
  await client.connect(transport);
  return {
    client,
    async call(name, given = {}) {
      const result = await client.request(
        { method: 'tools/call', params: { name, arguments: given } },
        CallToolResultSchema,
        { timeout: 120_000 },
      );
      const [first] = result.content;
      assert.equal(result.content.length, 1);
      assert.ok(first?.type === 'text');
      return { text: first.text, refused: result.isError === true };
    },
    stderr: () => stderr,
    close: () => client.close(),
  };
}
