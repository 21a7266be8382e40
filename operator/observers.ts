/** What the parts tell of themselves, as metrics and log lines. */
import { errorCode } from './error-code.ts';
import type { CacheObserver } from './kube/cache.ts';
import type { EventsObserver } from './kube/events.ts';
import type { LeaderElectionObserver } from './kube/leader-election.ts';
import type { RequestObserver } from './kube/requests.ts';
import type { WorkQueueObserver } from './kube/work-queue.ts';
import type { Log } from './logging.ts';
import type { OperatorMetrics } from './metrics.ts';

export function requestObserver(metrics: OperatorMetrics): RequestObserver {
  return {
    requestEnded: (verb, kind, code, durationMs) => {
      metrics.kubeRequests.inc({ verb, kind, code });
      if (verb !== 'watch') metrics.kubeRequestSeconds.observe({ verb }, durationMs / 1000);
    },
    throttled: (delayMs) => metrics.kubeThrottledSeconds.inc(delayMs / 1000),
  };
}

export function cacheObserver(metrics: OperatorMetrics, log: Log): CacheObserver {
  return {
    listed: (kind, count, durationMs) => log.write('debug', 'listed', { kind, count, duration_ms: durationMs }),
    failed: (kind, error, retryInMs) => {
      metrics.cacheFailures.inc({ kind });
      log.write('warn', 'cache_failed', { kind, code: error.code, message: error.message, retry_in_ms: retryInMs });
    },
  };
}

export function queueObserver(metrics: OperatorMetrics, log: Log): WorkQueueObserver {
  return {
    depthChanged: (waiting, running) => {
      metrics.queueDepth.set(waiting);
      metrics.queueRunning.set(running);
    },
    started: (_key, waitedMs) => metrics.queueWaitSeconds.observe(waitedMs / 1000),
    finished: (_key, durationMs) => metrics.reconcileSeconds.observe({ result: 'ok' }, durationMs / 1000),
    failed: (key, error, durationMs, failures, retryInMs) => {
      metrics.reconcileSeconds.observe({ result: 'failed' }, durationMs / 1000);
      metrics.reconcileErrors.inc({ error: errorCode(error) });
      log.write('warn', 'will_retry', { cluster: key, error: errorCode(error), failures, retry_in_ms: retryInMs });
    },
  };
}

export function eventsObserver(metrics: OperatorMetrics, log: Log): EventsObserver {
  return {
    dropped: (reason, error) => {
      metrics.eventsDropped.inc();
      log.write('warn', 'event_dropped', { reason, message: error?.message ?? 'too many' });
    },
  };
}

export function electionObserver(metrics: OperatorMetrics, log: Log): LeaderElectionObserver {
  return {
    failed: (error) => {
      metrics.leaseFailures.inc();
      log.write('warn', 'lease_failed', { code: error.code, message: error.message });
    },
    holderChanged: (holder) => log.write('info', 'lease_holder', { holder }),
  };
}
