/** A DHCP message as a guest may send it (RFC 2131), whichever card it says it is of. */

const TYPES = { discover: 1, renew: 3, decline: 4 } as const;

/** A program for a namespace: sends it to the server and prints the type of what is answered: 2 offers, 5 agrees, 6 refuses, nothing within two seconds. @param bytes  that it is long at least: more than a packet has go in fragments */
export function dhcp(type: keyof typeof TYPES, { mac, address, server }: { readonly mac: string; readonly address: string; readonly server: string }, bytes = 0): readonly [string, ...string[]] {
  const numbers = (text: string): number[] => text.split('.').map(Number);
  const none = [0, 0, 0, 0];
  const options = type !== 'decline' ? [] : [50, 4, ...numbers(address), 54, 4, ...numbers(server)];
  const message = Buffer.from([
    1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0, ...(type === 'renew' ? numbers(address) : none), ...none, ...none, ...none,
    ...mac.split(':').map((byte) => Number.parseInt(byte, 16)), ...Array.from({ length: 10 + 64 + 128 }, () => 0), 0x63, 0x82, 0x53, 0x63, 53, 1, TYPES[type], ...options, 255, ...Array.from({ length: bytes }, () => 0),
  ]);
  return [process.execPath, '-e', `const s=require('dgram').createSocket('udp4');s.on('message',(m)=>{console.log(m[242]);process.exit()});setTimeout(()=>process.exit(),2000);s.bind(68,()=>s.send(Buffer.from('${message.toString('hex')}','hex'),67,'${server}'))`];
}
