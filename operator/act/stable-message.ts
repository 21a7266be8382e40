/**
 * Errors as they may stand in status: without what differs each time. A status that changes with every failure wakes
 * the operator, which fails again: https://github.com/kubernetes/community, api-conventions. Pure.
 */

/** The whole message is in the log, with the pass that it belongs to. */
export function stableMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, 'TIME')
    .replace(/\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b/g, 'ADDRESS')
    .replace(/\b\d+(\.\d+)? ?(ms|s)\b/g, 'some time')
    .replace(/\b\d{3,}\b/g, 'N')
    .slice(0, 500);
}
