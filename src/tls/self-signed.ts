/** A certificate that vouches for itself (RFC 5280): it says whose key it is to those who have seen it before, and nothing to others. */
import { bits, bool, generalizedTime, integer, octets, oid, sequence, setOf, tagged, utcTime, utf8 } from './der.ts';

export interface Subject {
  /** For people: who looks at a list of certificates. */
  readonly commonName: string;
  /** SubjectPublicKeyInfo in DER, of a key on the curve P-256. */
  readonly publicKey: Uint8Array;
  /** Random, at most 20 bytes. */
  readonly serial: Uint8Array;
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const COMMON_NAME = oid('2.5.4.3');
const BASIC_CONSTRAINTS = oid('2.5.29.19');
const VERSION_3 = tagged(0, integer(Uint8Array.of(2)));
/**
 * It is known by its digest and by nothing else, so there is no time at which it would end, and it must not depend on the
 * clocks of two machines. The end is RFC 5280's for "none".
 */
const ALWAYS = sequence(utcTime('000101000000Z'), generalizedTime('99991231235959Z'));
/** RFC 5280, upper bounds: ub-common-name. */
const LONGEST_NAME = 64;

/**
 * @param sign  ECDSA over SHA-256 in DER, by the private key
 * @returns the certificate in DER
 */
export function selfSigned({ commonName, publicKey, serial }: Subject, sign: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const name = sequence(setOf(sequence(COMMON_NAME, utf8(commonName.slice(0, LONGEST_NAME)))));
  const noAuthority = tagged(3, sequence(sequence(BASIC_CONSTRAINTS, bool(true), octets(sequence()))));
  const content = sequence(VERSION_3, integer(serial), ECDSA_WITH_SHA256, name, ALWAYS, name, publicKey, noAuthority);
  return sequence(content, ECDSA_WITH_SHA256, bits(sign(content)));
}
