/** host:port, as in a peer's address. */
export type HostPort = { readonly host: string; readonly port: number };

/** IPv6 stands in brackets: "[::1]:2380". Throws an error that names the address. */
export function parseAddress(address: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port > 0 && port < 65536)) {
    throw new Error(`"${address}" is not an address: give HOST:PORT, an IPv6 host in brackets`);
  }
  return { host, port };
}

export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
