/**
 * Addresses that only the machine itself knows: "{{interface eth0}}:2380", "{{private}}:2380", "{{hostname}}:2380".
 */
import { BlockList } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

export type Machine = {
  readonly hostname: string;
  /** As `os.networkInterfaces()` gives them. */
  readonly interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;
};

/** RFC 1918, and what carriers and clouds use alike (RFC 6598). */
const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);
PRIVATE.addSubnet('100.64.0.0', 10);

/** Throws an error that names the template and the interfaces that exist. */
export function expandAddress(address: string, machine: Machine): string {
  return address.replace(/\{\{(.*?)\}\}/g, (template, inner: string) => {
    const [name, ...parameters] = inner.trim().split(/\s+/);
    if (name === 'hostname' && parameters.length === 0) return machine.hostname;
    if (name === 'private' && parameters.length === 0) return privateAddress(template, machine);
    if (name === 'interface' && parameters.length === 1) return interfaceAddress(template, parameters[0]!, machine);
    throw new Error(`${template} is no address template: give {{interface NAME}}, {{private}} or {{hostname}}`);
  });
}

function interfaceAddress(template: string, name: string, machine: Machine): string {
  const found = machine.interfaces[name]?.filter(isReachable) ?? [];
  const chosen = found.find(({ family }) => family === 'IPv4') ?? found[0];
  if (chosen !== undefined) return inAddress(chosen);
  throw new Error(`${template} matches no address of this machine, which has ${describe(machine)}`);
}

/** Two would be a guess, and a wrong one is found out only when another member dials it. */
function privateAddress(template: string, machine: Machine): string {
  const found = Object.values(machine.interfaces).flatMap((infos) =>
    (infos ?? []).filter(({ internal, family, address }) => !internal && family === 'IPv4' && PRIVATE.check(address)),
  );
  const [chosen] = found;
  if (chosen !== undefined && found.length === 1) return inAddress(chosen);
  const problem =
    chosen === undefined ? 'matches no address' : `matches ${found.length} addresses; take {{interface NAME}} instead`;
  throw new Error(`${template} ${problem}; this machine has ${describe(machine)}`);
}

/** A link-local address says nothing to another machine without the name of its own interface. */
function isReachable({ address }: NetworkInterfaceInfo): boolean {
  return !/^fe[89ab]/i.test(address);
}

function inAddress({ family, address }: NetworkInterfaceInfo): string {
  return family === 'IPv6' ? `[${address}]` : address;
}

function describe(machine: Machine): string {
  const lines = Object.entries(machine.interfaces).map(
    ([name, infos]) => `${name} (${(infos ?? []).map(({ address }) => address).join(', ') || 'no address'})`,
  );
  return lines.join(', ') || 'no interfaces';
}
