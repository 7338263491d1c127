/**
 * What is offered, cheapest for both ends first. Without ssh2's native addon only the AES ciphers run in Node's own
 * crypto (chacha20-poly1305 would run in WebAssembly), and an emulated guest pays dearly for big Diffie-Hellman
 * groups, for GCM and for SHA-256 (docs/decisions/lanes-host-side.md). Every OpenSSH since 6.5 has the first of each list.
 */
import type { Algorithms } from 'ssh2';

/** @param slow  the guest is emulated */
export function algorithms(hostKeyType: string, slow: boolean): Algorithms {
  return {
    kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256'],
    cipher: slow ? ['aes128-ctr', 'aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'] : ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr'],
    hmac: [...(slow ? ['hmac-sha2-512-etm@openssh.com'] as const : []), 'hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256'],
    compress: ['none'],
    serverHostKey: [hostKeyType] as NonNullable<Algorithms['serverHostKey']>,
  };
}
