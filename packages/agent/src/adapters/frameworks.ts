// The frameworks whose apps, routers and groups are told apart, and how each is given a handler.
import type { Closable } from './mount.ts';

/** What an app may have; a framework is known by which of these are functions. */
type App = Readonly<Record<string, unknown>>;

interface Framework {
  readonly name: string;
  is(app: App): boolean;
  /** Puts `handler` below `prefix` of the app or group. */
  mount(app: App, prefix: string, handler: Closable): void;
}

const has = (app: App, ...names: readonly string[]): boolean =>
  names.every((name) => typeof app[name] === 'function');

/** Calls a method of an app of which {@link has} has said that it is one. */
function call(app: App, name: string, ...args: readonly unknown[]): unknown {
  const method = app[name];
  return typeof method === 'function' ? Reflect.apply(method, app, args) : undefined;
}

/** The most particular first: what one has, others have too. */
const frameworks: readonly Framework[] = [
  {
    name: 'NestJS',
    is: (app) => has(app, 'getHttpAdapter'),
    mount(app, prefix, handler) {
      const adapter = call(app, 'getHttpAdapter') as App;
      mountOn(call(adapter, 'getInstance'), prefix, handler);
    },
  },
  {
    name: 'Fastify',
    is: (app) => has(app, 'decorateReply', 'all', 'addHook'),
    mount(app, prefix, handler) {
      call(app, 'register', async (scope: App) => {
        // Whatever a body is, the endpoint that wants one reads it.
        call(scope, 'removeAllContentTypeParsers');
        call(scope, 'addContentTypeParser', '*', (_request: unknown, _body: unknown, done: () => void) =>
          done(),
        );
        call(scope, 'all', prefix, handler);
        call(scope, 'all', `${prefix}/*`, handler);
        call(scope, 'addHook', 'onClose', async () => handler.close());
      });
    },
  },
  {
    name: 'Hono',
    is: (app) => has(app, 'fetch', 'basePath', 'all'),
    mount(app, prefix, handler) {
      call(app, 'all', prefix, handler);
      call(app, 'all', `${prefix}/*`, handler);
    },
  },
  {
    name: "Koa's router",
    is: (app) => has(app, 'allowedMethods', 'all'),
    mount(app, prefix, handler) {
      call(app, 'all', prefix, handler);
      call(app, 'all', `${prefix}/{*endpoint}`, handler);
    },
  },
  {
    name: 'Koa',
    is: (app) => has(app, 'callback', 'use') && typeof app['context'] === 'object',
    mount: (app, _prefix, handler) => call(app, 'use', handler),
  },
  {
    name: 'Express',
    is: (app) => typeof app === 'function' && has(app, 'use'),
    mount: (app, prefix, handler) => call(app, 'use', prefix === '' ? '/' : prefix, handler),
  },
];

/** The framework that something is an app, router or group of; null where none is known. */
export function frameworkOf(app: unknown): Framework | null {
  if (app === null || (typeof app !== 'object' && typeof app !== 'function')) return null;
  return frameworks.find((one) => one.is(app as App)) ?? null;
}

/** Puts a handler on an app; false where nobody knows how. */
export function mountOn(app: unknown, prefix: string, handler: Closable): boolean {
  const framework = frameworkOf(app);
  framework?.mount(app as App, prefix, handler);
  return framework !== null;
}
