/** One member as a process: assembles the parts and runs them until a signal. The only place that knows them all. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Addresses, resolveAddresses } from './addresses.ts';
import { Drain } from './api/drain.ts';
import { type HealthServer, startHealthServer } from './api/health-server.ts';
import type { HttpServer } from './api/http-server.ts';
import { authTokens } from './auth-tokens.ts';
import { assertCanListen } from './can-listen.ts';
import { startClientPort } from './client-port.ts';
import { collectAfterStart } from './collect-after-start.ts';
import type { Config } from './config/config.ts';
import { ConfigError, type Environment, type Flags, parseConfig } from './config/parse-config.ts';
import { createLogger, type Logger } from './logging.ts';
import { memberOptions } from './member-options.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { metricsObserver } from './metrics/observer.ts';
import { openFolder } from './open-folder.ts';
import { systemClock } from './server/clock.ts';
import { LocalMember } from './server/member.ts';
import type { Observer } from './server/observer.ts';
import { type FolderLock, lockDataFolder } from './storage/folder-lock.ts';
import { clientCredentials, reloadingTls } from './tls-files.ts';
import { createTcpNetwork } from './transport/network.ts';
import type { ReloadingTls } from './transport/tls.ts';
import type { Network } from './transport/types.ts';
import { transportLog } from './transport-log.ts';
import { VERSION } from './version.ts';

const SEND_QUEUE_BYTES = 64 << 20;
const MAX_FRAME_BYTES = 128 << 20;
const RECONNECT = { minMs: 20, maxMs: 1000 };
const HANDSHAKE_TIMEOUT_MS = 5000;
const KEEP_ALIVE_MS = 1000;
/** What a Service takes to stop sending to a pod, on nodes that are busy. */
const DRAIN_MS = 2000;
/** With a quorum it takes some milliseconds; without one there is nobody to hand over to. */
const HAND_OVER_TIMEOUT_MS = 2000;
/** For requests that a member which stops has accepted, before it stops taking part. */
const ANSWER_MS = 1000;

type Log = Observer['log'];

/** Exit codes, for whoever supervises the process. */
const CLEAN_STOP = 0;
const FATAL = 70;

/**
 * Runs until SIGTERM or SIGINT, then stops cleanly; a second signal ends the process at once.
 *
 * @returns the exit code
 * @throws ConfigError, also when it cannot listen or use its folder, and DataFolderInUse: nothing is left running then
 */
export async function runMember(flags: Flags, env: Environment): Promise<number> {
  const config = parseConfig(flags, env, (file) => readFileSync(file, 'utf8'));
  const addresses = resolveAddresses(config, { hostname: hostname(), interfaces: networkInterfaces() });
  const tokens = authTokens(config.authToken);
  const logger = createLogger({ level: config.logLevel, member: addresses.name });
  const peerTls = config.peerTls === null ? null : reloadingTls('peer', config.peerTls, logger.log);
  const clientTls = config.clientTls === null ? null : reloadingTls('client', config.clientTls, logger.log);
  const ending = Promise.withResolvers<number>();
  const forming = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    logger.log('info', 'stopping', { signal });
    process.once(signal, () => process.exit(128));
    ending.resolve(CLEAN_STOP);
  };
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);

  const dataFolder = resolve(config.dataDir);
  const lock = await lockOwnFolder(dataFolder);
  try {
    await assertCanListen(addresses);
  } catch (error) {
    await lock.release();
    throw error;
  }
  const drain = new Drain();
  // Before anything is read: whoever watches must not take a long replay for a process that hangs.
  const health = await startHealth(config, addresses, drain, logger.log);
  const metrics = createMetrics();
  const onFatal = (error: unknown): void => {
    // The disk failed or an invariant is broken: what this process would still do could not be trusted.
    logger.log('error', 'fatal', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    logger.flush();
    process.exit(FATAL);
  };
  let member: LocalMember;
  try {
    member = await startMember({ config, addresses, folder: dataFolder, logger, metrics, peerTls, onFatal });
  } catch (error) {
    await health?.close();
    await lock.release();
    throw error;
  }
  let server: HttpServer | null = null;
  try {
    server = await startClientPort({
      config,
      addresses,
      member,
      tokens,
      log: logger.log,
      metrics,
      drain,
      health,
      peerTls,
      clientTls,
    });
    logger.log('info', 'serving', {
      client: addresses.advertiseClientUrl,
      peer: addresses.advertisePeer,
      data_dir: dataFolder,
    });
    if (member.phase.state === 'Parked' && member.phase.reason === 'NoData' && addresses.formation.kind !== 'Wait') {
      void form(config, addresses, logger.log, forming.signal);
    }
    return await ending.promise;
  } finally {
    forming.abort();
    drain.begin();
    await handOver(member);
    const closed = server?.close(config.stopTimeoutMs);
    // What was accepted is answered by a member that is all there. What waits for others, as a lock does, it must end itself.
    await Promise.race([closed, sleep(ANSWER_MS, undefined, { ref: false })]);
    await member.stop();
    await closed;
    await health?.close();
    await lock.release();
    logger.log('info', 'stopped', {});
    logger.flush();
  }
}

/** @throws DataFolderInUse, ConfigError */
async function lockOwnFolder(folder: string): Promise<FolderLock> {
  if (existsSync(join(folder, 'cluster.json'))) {
    throw new ConfigError([
      `${folder} is a folder of quorate up, with a folder for each member: run quorate up --data-dir ${folder}, or name a member's folder`,
    ]);
  }
  return lockDataFolder(folder).catch((error: unknown) => {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new ConfigError([`cannot use the data folder ${folder} (${error.message}): choose another with --data-dir`]);
  });
}

type MemberParts = {
  readonly config: Config;
  readonly addresses: Addresses;
  readonly folder: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly peerTls: ReloadingTls | null;
  readonly onFatal: (error: unknown) => void;
};

async function startMember(parts: MemberParts): Promise<LocalMember> {
  const { config, addresses, folder, logger, metrics, peerTls, onFatal } = parts;
  const { log } = logger;
  const member = await LocalMember.start({
    options: memberOptions(config, addresses, VERSION.quorate),
    foundingSnapshot: async (source, signal) => {
      const { foundingSnapshot } = await import('./founding-snapshot.ts');
      return foundingSnapshot({ source, downloadTo: join(folder, 'restore.snapshot'), signal, log });
    },
    openFolder: () => openFolder(folder),
    createNetwork: () => createNetwork(config, addresses, peerTls, log),
    clock: systemClock,
    random: Math.random,
    observer: { log, ...metricsObserver(metrics) },
    onFatal,
  });
  noteDamage(member, config.terminationLog);
  collectAfterStart(member, member.phase.state === 'Member');
  return member;
}

function createNetwork(config: Config, addresses: Addresses, tls: ReloadingTls | null, log: Log): Network {
  return createTcpNetwork({
    listen: addresses.listenPeer,
    tls,
    sendQueueLimitBytes: SEND_QUEUE_BYTES,
    maxFrameBytes: MAX_FRAME_BYTES,
    snapshotRateBytesPerSecond:
      config.snapshotBytesPerSecond === 0 ? Number.POSITIVE_INFINITY : config.snapshotBytesPerSecond,
    reconnect: RECONNECT,
    handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
    keepAliveMs: KEEP_ALIVE_MS,
    clock: systemClock,
    random: Math.random,
    log: transportLog(log),
  });
}

async function startHealth(
  config: Config,
  { listenHealth }: Addresses,
  drain: Drain,
  log: Log,
): Promise<HealthServer | null> {
  if (listenHealth === null) return null;
  return startHealthServer({
    listen: listenHealth,
    drain,
    prestopTimeoutMs: config.prestopTimeoutMs,
    prestopKey: config.prestopKey,
    drainMs: DRAIN_MS,
    onPrestop: (answer) => log('info', 'may_be_stopped', { ...answer }),
  });
}

/** While every port still answers: the clients of a leader that stops notice a change of leader, and nothing else. */
async function handOver(member: LocalMember): Promise<void> {
  const { replica } = member;
  if (replica === null || !replica.isLeader || (replica.membership?.voters.length ?? 0) < 2) return;
  // One that cannot hand over is stopped all the same; it tries once more with what is left of its time.
  await member.transferLeader(null, { timeoutMs: HAND_OVER_TIMEOUT_MS, mayForward: false }).catch(() => undefined);
}

async function form(config: Config, addresses: Addresses, log: Log, signal: AbortSignal): Promise<void> {
  const credentials = clientCredentials(config);
  try {
    // Loaded by those who need it: the client and its fetch are a fifth of a member's memory at rest.
    const { carryOut } = await import('./formation.ts');
    const tls = credentials === null ? null : await import('../client/tls.ts');
    await carryOut({
      formation: addresses.formation,
      self: addresses.advertiseClientUrl,
      token:
        config.adminTokenFile === null ? undefined : readFileSync(config.adminTokenFile, 'utf8').split('\n')[0]?.trim(),
      fetch: credentials === null ? undefined : tls?.tlsFetch(credentials),
      log,
      signal,
      onProgress: (progress) => log('info', 'joining', progress),
    });
  } catch (error) {
    if (signal.aborted) return;
    log('error', 'not_formed', { message: error instanceof Error ? error.message : String(error) });
  }
}

/** Kubernetes shows this file's content as the reason, where nobody reads the log. */
function noteDamage(member: LocalMember, terminationLog: string): void {
  const note = (): void => {
    const { phase } = member;
    if (phase.state !== 'Parked' || phase.reason !== 'Damaged' || !existsSync(terminationLog)) return;
    writeFileSync(terminationLog, `${phase.reason}: ${phase.message}\n`);
  };
  note();
  member.onEvent(note);
}
