/** Which members a local cluster has, and where: decided once, kept in the data folder, the same at every start. */
import { z } from 'zod';
import { UserError } from '../user-error.ts';

export type PlannedMember = {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
  /** The member's own, below the data folder of the cluster. */
  readonly folder: string;
  readonly endpoint: string;
};

export type Plan = { readonly memberCount: number; readonly firstPort: number };

export const HOST = '127.0.0.1';
const MOST_MEMBERS = 7;
const DEFAULT: Plan = { memberCount: 3, firstPort: 2379 };
const FORMAT = 1;

const record = z.object({ format: z.number(), members: z.int().min(1).max(MOST_MEMBERS), port: z.int() });

/**
 * @param recorded content of the folder's `cluster.json`; null where there is none
 * @throws {UserError} when the wishes cannot be met, or are not those of the folder
 */
export function decidePlan(wishes: { members?: number; port?: number }, recorded: string | null, folder: string): Plan {
  const { members, port } = wishes;
  if (recorded !== null) {
    const plan = readRecord(recorded, folder);
    if ((members ?? plan.memberCount) !== plan.memberCount || (port ?? plan.firstPort) !== plan.firstPort) {
      throw new UserError(
        `${folder} holds a cluster of ${plan.memberCount} on port ${plan.firstPort}: leave out --members and --port, or choose another --data-dir`,
      );
    }
    return plan;
  }
  const memberCount = members ?? DEFAULT.memberCount;
  const firstPort = port ?? DEFAULT.firstPort;
  if (memberCount < 1 || memberCount > MOST_MEMBERS)
    throw new UserError(`--members: '${memberCount}' must be from 1 to ${MOST_MEMBERS}`, 2);
  const lastPort = firstPort + 2 * memberCount - 1;
  if (lastPort > 65_535)
    throw new UserError(`--port: '${firstPort}' is too high, ${memberCount} members need ports up to ${lastPort}`, 2);
  return { memberCount, firstPort };
}

export function recordOf({ memberCount, firstPort }: Plan): string {
  return `${JSON.stringify({ format: FORMAT, members: memberCount, port: firstPort })}\n`;
}

export function plannedMembers({ memberCount, firstPort }: Plan): PlannedMember[] {
  return Array.from({ length: memberCount }, (_, index) => {
    const name = `m${index + 1}`;
    const clientPort = firstPort + 2 * index;
    return { name, clientPort, peerPort: clientPort + 1, folder: name, endpoint: `http://${HOST}:${clientPort}` };
  });
}

function readRecord(text: string, folder: string): Plan {
  const parsed = record.safeParse(parseJson(text));
  if (!parsed.success)
    throw new UserError(
      `${folder}/cluster.json is not what quorate up writes; move ${folder} away or choose another --data-dir`,
    );
  const { format, members, port } = parsed.data;
  if (format !== FORMAT) {
    throw new UserError(
      `${folder} was written by another version of Quorate (format ${format}, this one knows ${FORMAT}); choose another --data-dir`,
    );
  }
  return { memberCount: members, firstPort: port };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
