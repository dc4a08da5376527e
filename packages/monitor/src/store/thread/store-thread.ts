// The store's own thread: opens the store, does what it is told, one thing after the other, and says what came of it.
import process from 'node:process';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { StoreError } from '../../errors.ts';
import type { ProfileStore } from '../model.ts';
import { openStore } from '../open.ts';
import { StackTree } from '../stack-tree.ts';
import type { Failure, FromThread, StoreCall, ThreadData, ToThread } from './messages.ts';

const trees = new Map<number, StackTree>();

function grown({ tree, growth }: Extract<StoreCall, { kind: 'putBatch' | 'putHours' }>): StackTree {
  let known = trees.get(tree);
  if (known === undefined) trees.set(tree, (known = new StackTree()));
  known.grow(growth);
  return known;
}

function failureOf(error: unknown): Failure {
  if (error instanceof StoreError) return { code: error.code, message: error.message };
  return { code: null, message: error instanceof Error ? error.message : String(error) };
}

function carriedOut(store: ProfileStore, call: StoreCall): Promise<unknown> {
  switch (call.kind) {
    case 'putBatch':
      return store.putBatch({ tree: grown(call), profiles: call.profiles });
    case 'putHours':
      return store.putHours({ tree: grown(call), hours: call.hours });
    case 'series':
      return store.series(...call.args);
    case 'timeline':
      return store.timeline(...call.args);
    case 'stackSeries':
      return store.stackSeries(...call.args);
    case 'growthSums':
      return store.growthSums(...call.args);
    case 'points':
      return store.points(...call.args);
    case 'merge':
      return store.merge(...call.args);
    case 'frames':
      return store.frames(...call.args);
    case 'runs':
      return store.runs(...call.args);
    case 'profiles':
      return store.profiles(...call.args);
    case 'hours':
      return store.hours(...call.args);
    case 'retention':
      return store.retention(...call.args);
    case 'remember':
      return store.remember(...call.args);
    case 'remembered':
      return store.remembered(...call.args);
    case 'notes':
      return store.notes(...call.args);
    case 'close':
      return store.close(...call.args);
  }
}

async function serve(port: MessagePort, { place }: ThreadData): Promise<void> {
  const say = (message: FromThread): void => {
    port.postMessage(message);
  };
  let store: ProfileStore;
  try {
    store = await openStore(place);
  } catch (error) {
    say({ kind: 'refused', failure: failureOf(error) });
    return;
  }
  port.on('message', (message: ToThread) => {
    if (message.kind === 'forget') {
      trees.delete(message.tree);
      return;
    }
    const { id, call } = message;
    carriedOut(store, call)
      .then(
        (value) => {
          say({ kind: 'answer', id, value });
        },
        (error: unknown) => {
          say({ kind: 'failed', id, failure: failureOf(error) });
        },
      )
      .finally(() => {
        if (call.kind === 'close') port.close();
      });
  });
  say({ kind: 'opened' });
}

// Node 22 warns of its SQLite, which whoever reads the log cannot change.
process.removeAllListeners('warning');
if (parentPort !== null) await serve(parentPort, workerData as ThreadData);
