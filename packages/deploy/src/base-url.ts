/** `http://address:port`, also for an IPv6 address. */
export function baseUrl({ address, port }: { address: string; port: number }): string {
  return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
