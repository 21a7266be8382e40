/** The HTTP API of one member: express with the routes of routes.ts, and a short way for single keys. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Request, type Response } from 'express';
import { assertAdmin } from './admin-auth.ts';
import { Admission } from './admission.ts';
import { ClusterView } from './cluster-view.ts';
import type { ApiContext, HttpApiOptions } from './context.ts';
import { invalid } from './errors.ts';
import { OpenStreams } from './event-stream.ts';
import { Exchange } from './exchange.ts';
import { keyPathPrefix, serveKeyInPath } from './kv.ts';
import { optionDefaults } from './request-options.ts';
import { type Method, type Route, routes } from './routes.ts';

export type HttpApi = {
  /** For `http.createServer`. */
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
  /** Ends watches and event streams, and lets every later answer close its connection. */
  endStreams(): void;
};

export function createHttpApi(options: HttpApiOptions): HttpApi {
  const { limits, member, statusOf } = options;
  const api: ApiContext = {
    ...options,
    defaults: optionDefaults(limits),
    admission: new Admission(limits),
    streams: new OpenStreams(limits.heartbeatIntervalMs),
    clusterView: new ClusterView(member, statusOf, limits.viewIntervalMs),
  };
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  for (const route of routes) {
    app.all(route.path, (request, response) => {
      const exchange = new Exchange(api, request, response, route.path);
      return serve(exchange, route, request.params as Readonly<Record<string, string>>);
    });
  }
  app.use((request, response) => {
    const exchange = new Exchange(api, request, response, unknownRoute);
    exchange.refuse('not_found', `there is no ${exchange.path} here; docs/http-api.md lists the calls`);
  });
  const onError: ErrorRequestHandler = (error: unknown, request, response, _next) => {
    const exchange = new Exchange(api, request, response, unknownRoute);
    exchange.fail(isBadPath(error) ? invalid('the path is not valid percent-encoded UTF-8') : error);
  };
  app.use(onError);
  return {
    listener: (request, response) => {
      // Single keys go past express, which makes a request cost almost half as much again: 58 us of CPU, not 40.
      if (request.url!.startsWith(keyPathPrefix)) void serveKeyInPath(new Exchange(api, request, response, keyRoute));
      else
        app(request as Request, response as Response, () =>
          refuseTarget(new Exchange(api, request, response, unknownRoute)),
        );
    },
    endStreams: () => api.streams.close(),
  };
}

const keyRoute = '/v1/kv/:key';
/** One label for all paths that do not exist: their number has no bound. */
const unknownRoute = 'unknown';

async function serve(exchange: Exchange, route: Route, parameters: Readonly<Record<string, string>>): Promise<void> {
  const { api, request } = exchange;
  try {
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const handler = Object.hasOwn(route.methods, method!) ? route.methods[method as Method] : undefined;
    if (handler === undefined) {
      const allowed = Object.keys(route.methods)
        .flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one]))
        .join(', ');
      return exchange.refuse('method_not_allowed', `${route.path} takes ${allowed}`, {}, ['Allow', allowed]);
    }
    if (route.access === 'Administrator' && (await assertAdmin(api.adminAuth, request, api.logger))) {
      exchange.isOfAdministrator();
    }
    if (route.access !== 'Probe') exchange.admit();
    await handler(exchange, parameters);
  } catch (error) {
    exchange.fail(error);
  }
}

/** Express finds no path in a target that is a malformed URL, `http://[::1` for one, and then asks none of the routes. */
function refuseTarget(exchange: Exchange): void {
  exchange.fail(invalid('the target of the request is not a valid path or URL'));
}

/** What express throws when it cannot decode a parameter of a path. */
function isBadPath(error: unknown): boolean {
  return error instanceof URIError || (error instanceof Error && 'status' in error && error.status === 400);
}
