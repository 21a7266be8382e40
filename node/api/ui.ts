/** `GET /ui`: a page, its style and its scripts, read once at start and sent as they are. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Exchange } from './exchange.ts';

type Asset = { readonly type: string; readonly etag: string; readonly content: Buffer };

const folder = path.join(import.meta.dirname, 'ui');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing but this member's own files and answers: a stored value that reached the page could still not run. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const assets: ReadonlyMap<string, Asset> = new Map(
  readdirSync(folder).flatMap((name): [string, Asset][] => {
    const type = types[path.extname(name)];
    if (type === undefined) return [];
    const content = readFileSync(path.join(folder, name));
    const etag = `"${createHash('sha256').update(content).digest('hex').slice(0, 16)}"`;
    return [[name, { type, etag, content }]];
  }),
);

export async function uiPage(exchange: Exchange): Promise<void> {
  sendAsset(exchange, 'index.html');
}

export async function uiAsset(exchange: Exchange, parameters: Readonly<Record<string, string>>): Promise<void> {
  sendAsset(exchange, parameters['file'] ?? '');
}

function sendAsset(exchange: Exchange, name: string): void {
  const asset = assets.get(name);
  if (asset === undefined) return exchange.refuse('not_found', `the page has no file '${name}'`);
  const headers = ['ETag', asset.etag, 'Cache-Control', 'no-cache'];
  if (exchange.request.headers['if-none-match'] === asset.etag) return exchange.sendEmpty(304, headers);
  headers.push('Content-Type', asset.type, 'Content-Security-Policy', contentSecurityPolicy);
  headers.push('Referrer-Policy', 'no-referrer', 'Cross-Origin-Opener-Policy', 'same-origin');
  exchange.send(200, headers, asset.content);
}
