// The frameworks that the endpoints are put on, each with an app of its own on a port of its own.
import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import Router from '@koa/router';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type HandlerOptions, register } from '@stackpile/agent';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';

type MakeExpress = typeof express;
/** It is told apart from its successor by nothing that is used here. */
export const express4: MakeExpress = createRequire(import.meta.url)('express4') as MakeExpress;

/** What a group asks for: a cookie of the app's. */
export const COOKIE = 'session=admin';

/** Starts an app with the endpoints; its port. */
export type StartApp = (options: HandlerOptions) => Promise<number>;

class Empty {}
// Decorators are no JavaScript yet: called as what they are.
Module({})(Empty);

/** A framework: an app with the endpoints and a route `/hello`, and one with them in a group below `/admin` that asks for {@link COOKIE}. */
export interface Framework {
  readonly app: StartApp;
  readonly group: StartApp;
}

/** Apps of each framework, and what they are made with. */
export interface Frameworks {
  readonly frameworks: Readonly<Record<string, Framework>>;
  /** Apps of NestJS, by the framework below it. */
  readonly nest: Readonly<Record<string, StartApp>>;
  readonly listening: (listener: RequestListener) => Promise<number>;
  readonly onHono: (app: Hono) => Promise<number>;
  /** Registers; undone with the rest. */
  readonly mounted: (app: Parameters<typeof register>[0], options: HandlerOptions) => void;
}

/** @param ends takes what undoes all that is started */
export function frameworksOf(ends: (() => unknown)[]): Frameworks {
  async function portOf(server: Server): Promise<number> {
    ends.push(() => (server.closeAllConnections(), server.close()));
    if (!server.listening) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return (server.address() as AddressInfo).port;
  }

  const listening = (listener: RequestListener): Promise<number> => portOf(createServer(listener));

  function onHono({ fetch }: Hono): Promise<number> {
    const listener = getRequestListener(fetch);
    return listening((...args) => void listener(...args));
  }

  function mounted(app: Parameters<typeof register>[0], options: HandlerOptions): void {
    const { close } = register(app, options);
    ends.push(close);
  }

  function expressLike(make: MakeExpress): Framework {
    return {
      app(options) {
        const app = make();
        mounted(app, options);
        app.get('/hello', (_request, response) => void response.send('hello'));
        return listening(app);
      },
      group(options) {
        const app = make();
        const group = make.Router();
        group.use((request, response, next) => {
          if (request.headers.cookie === COOKIE) next();
          else response.status(403).end();
        });
        mounted(group, options);
        app.use('/admin', group);
        return listening(app);
      },
    };
  }

  const frameworks: Readonly<Record<string, Framework>> = {
    'Express 5': expressLike(express),
    'Express 4': expressLike(express4),
    Fastify: {
      async app(options) {
        const app = Fastify();
        mounted(app, options);
        app.get('/hello', async () => 'hello');
        await app.listen({ port: 0, host: '127.0.0.1' });
        ends.push(() => app.close());
        return (app.server.address() as AddressInfo).port;
      },
      async group(options) {
        const app = Fastify();
        await app.register(
          async (group) => {
            group.addHook('onRequest', async (request, reply) => {
              if (request.headers.cookie !== COOKIE) await reply.code(403).send();
            });
            mounted(group, options);
          },
          { prefix: '/admin' },
        );
        await app.listen({ port: 0, host: '127.0.0.1' });
        ends.push(() => app.close());
        return (app.server.address() as AddressInfo).port;
      },
    },
    Koa: {
      app(options) {
        const app = new Koa();
        mounted(app, options);
        app.use((context) => {
          context.body = 'hello';
        });
        const listener = app.callback();
        return listening((...args) => void listener(...args));
      },
      group(options) {
        const app = new Koa();
        const group = new Router({ prefix: '/admin' });
        group.use(async (context, next) => {
          if (context.get('cookie') === COOKIE) await next();
          else context.status = 403;
        });
        mounted(group, options);
        app.use(group.routes());
        const listener = app.callback();
        return listening((...args) => void listener(...args));
      },
    },
    Hono: {
      app(options) {
        const app = new Hono();
        mounted(app, options);
        app.get('/hello', (context) => context.text('hello'));
        return onHono(app);
      },
      group(options) {
        const app = new Hono();
        const group = new Hono();
        group.use(async (context, next) => {
          if (context.req.header('cookie') !== COOKIE) return context.body(null, 403);
          await next();
          return undefined;
        });
        mounted(group, options);
        app.route('/admin', group);
        return onHono(app);
      },
    },
  };

  const onNest =
    (adapter: () => ExpressAdapter | FastifyAdapter): StartApp =>
    async (options) => {
      const app = await NestFactory.create(Empty, adapter(), { logger: false });
      mounted(app, options);
      ends.push(() => app.close());
      await app.listen(0, '127.0.0.1');
      return ((app.getHttpServer() as Server).address() as AddressInfo).port;
    };
  const nest = { Express: onNest(() => new ExpressAdapter()), Fastify: onNest(() => new FastifyAdapter()) };

  return { frameworks, nest, listening, onHono, mounted };
}
