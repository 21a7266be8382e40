/** Passwords are kept as scrypt hashes (RFC 7914), made where the request came in: an entry holds only the hash. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(scrypt) as (
  password: string,
  salt: Buffer,
  bytes: number,
  options: { N: number; r: number; p: number },
) => Promise<Buffer>;
/** 16 MiB and some tens of milliseconds, off the thread that serves. */
const COST = { N: 16_384, r: 8, p: 1 };
const BYTES = 32;
/** How many of libuv's four threads it takes at once: the log waits for a slow disk on them, too. */
const MAX_AT_ONCE = 2;

/** Salt and parameters with it. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await inTurn(() => derive(password, salt, BYTES, COST));
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), hash.toString('base64')].join('$');
}

/**
 * @param stored null for nobody: it takes as long as for somebody
 * @param isWanted asked when its turn has come: where nobody waits any more, the answer is false at once
 */
export async function isPassword(
  password: string,
  stored: string | null,
  isWanted: () => boolean = () => true,
): Promise<boolean> {
  return inTurn(async () => isWanted() && (await isDerived(password, stored)));
}

async function isDerived(password: string, stored: string | null): Promise<boolean> {
  const [, N, r, p, salt, hash] = (stored ?? '').split('$');
  if (salt === undefined || hash === undefined) {
    await derive(password, Buffer.alloc(16), BYTES, COST);
    return false;
  }
  const expected = Buffer.from(hash, 'base64');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const derived = await derive(password, Buffer.from(salt, 'base64'), expected.length, cost);
  return timingSafeEqual(derived, expected);
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(act: () => Promise<T>): Promise<T> {
  if (running < MAX_AT_ONCE) running += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await act();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}
