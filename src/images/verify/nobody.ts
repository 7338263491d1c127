/** Debian's and Ubuntu's `nobody`/`nogroup`: for programs that read what may be made to attack them. */
export const NOBODY = { uid: 65534, gid: 65534 };
