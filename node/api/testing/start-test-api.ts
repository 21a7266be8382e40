/** The whole API on a port of its own over a `StoreMember`, with everything that a test may want to look at. */
import type { TestContext } from 'node:test';
import type { ApiErrorBody } from '../../../client/types.ts';
import { SimpleTokens } from '../../server/auth-token.ts';
import { type ApiLimits, defaultApiLimits, type HttpApiOptions } from '../context.ts';
import { Drain } from '../drain.ts';
import { createHttpApi, type HttpApi } from '../http-api.ts';
import { type HttpServer, type ServerTls, startHttpServer } from '../http-server.ts';
import type { Http2Door } from '../http2-sharing.ts';
import { StoreMember } from './store-member.ts';

export type TestApi = {
  readonly member: StoreMember;
  readonly url: string;
  readonly port: number;
  readonly api: HttpApi;
  readonly server: HttpServer;
  /** As `METHOD route status`. */
  readonly observed: string[];
  readonly logged: { readonly fields: Record<string, unknown>; readonly event: string }[];
  request(path: string, init?: RequestInit): Promise<Response>;
  put(path: string, value: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
};

export type TestApiOptions = Partial<Omit<HttpApiOptions, 'limits'>> & {
  readonly limits?: Partial<ApiLimits>;
  readonly tls?: ServerTls;
  readonly http2?: (member: StoreMember) => Http2Door;
};

export async function startTestApi(t: TestContext, options: TestApiOptions = {}): Promise<TestApi> {
  const { limits, tls = null, http2, ...rest } = options;
  const member = await StoreMember.open();
  const observed: string[] = [];
  const logged: { fields: Record<string, unknown>; event: string }[] = [];
  const api = createHttpApi({
    member,
    metrics: {
      observeRequest: (method, route, status) => void observed.push(`${method} ${route} ${status}`),
      exposition: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'quorate_up 1\n' }),
    },
    adminAuth: { tokenFile: null, certificateNames: null },
    tokens: new SimpleTokens(),
    limits: { ...defaultApiLimits, ...limits },
    logger: { error: (fields, event) => void logged.push({ fields: fields as Record<string, unknown>, event }) },
    drain: new Drain(),
    version: { etcdserver: '3.6.0', etcdcluster: '3.6.0', quorate: '0.1.0' },
    statusOf: () => Promise.reject(new Error('nobody is there')),
    ...rest,
  });
  const server = await startHttpServer({
    api,
    listen: { host: '127.0.0.1', port: 0 },
    tls,
    ...(http2 ? { http2: http2(member) } : {}),
  });
  t.after(() => server.close(0));
  const { port } = server.address;
  const url = `${tls === null ? 'http' : 'https'}://127.0.0.1:${port}`;
  const request = (path: string, init?: RequestInit): Promise<Response> => fetch(url + path, init);
  return {
    member,
    url,
    port,
    api,
    server,
    observed,
    logged,
    request,
    put: (path, value, headers = {}) => request(path, { method: 'PUT', body: value, headers }),
    post: (path, body, headers = {}) => request(path, { method: 'POST', body: JSON.stringify(body), headers }),
  };
}

export async function errorOf(response: Response): Promise<ApiErrorBody['error'] & { status: number }> {
  const { error } = (await response.json()) as ApiErrorBody;
  return { status: response.status, ...error };
}
