/** `/livez`, `/readyz` and `/metrics`, for the kubelet and Prometheus. */
import { once } from 'node:events';
import { createServer } from 'node:http';

export type Health = {
  /** Null when ready, otherwise why not. */
  readonly notReady: () => string | null;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

export type HealthServer = { readonly port: number; close(): Promise<void> };

/** @throws Error of the system when it cannot listen there */
export async function startHealthServer(host: string, port: number, health: Health): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': type }).end(text);
    };
    switch (request.url?.split('?')[0]) {
      // Alive is whoever answers: neither the API server nor the lease is this process's fault, and a restart mends none.
      case '/livez':
        return answer(200, 'ok\n');
      case '/readyz': {
        const why = health.notReady();
        return why === null ? answer(200, 'ok\n') : answer(503, `${why}\n`);
      }
      case '/metrics':
        health.metrics().then(
          ({ contentType, text }) => answer(200, text, contentType),
          (error: Error) => answer(500, `${error.message}\n`),
        );
        return;
      default:
        answer(404, 'There are /livez, /readyz and /metrics.\n');
    }
  });
  // Without a host Node takes every address, of IPv4 alone where IPv6 is switched off.
  await once(server.listen(host === '::' ? { port } : { host, port }), 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
