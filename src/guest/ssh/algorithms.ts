/**
 * What is offered, cheapest for both ends first. Without ssh2's native addon only the AES ciphers run in Node's own
 * crypto (chacha20-poly1305 would run in WebAssembly), and an emulated guest pays dearly for big Diffie-Hellman
 * groups. Every OpenSSH since 6.5 has the first of each list.
 */
import type { Algorithms } from 'ssh2';

export function algorithms(hostKeyType: string): Algorithms {
  return {
    kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256'],
    cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr'],
    hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256'],
    compress: ['none'],
    serverHostKey: [hostKeyType] as NonNullable<Algorithms['serverHostKey']>,
  };
}
