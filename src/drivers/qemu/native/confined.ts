/**
 * The words that start a server of files for a machine: bound to the rights of one person of this host. Node can neither enter a user
 * namespace nor filter system calls; perl, which the image tools bring, can. docs/decisions/mounts.md says what each step is for.
 */
import type { NativeWay } from './way.ts';

/** Numbers of system calls (asm/unistd.h), and what the kernel calls this architecture where it filters them (linux/audit.h). */
const NUMBERS: Readonly<Record<string, { readonly audit: number; readonly calls: readonly number[]; readonly modes: string; readonly create: string; readonly absent: string }>> = {
  x64: {
    // capget, capset, prctl, setgroups, setresgid, setresuid, unshare, prlimit64
    audit: 0xC000_003E, calls: [125, 126, 157, 116, 119, 117, 272, 302],
    // chmod, creat, fchmod, fchmodat, fchmodat2, mknod, mknodat
    modes: '90:1,85:1,91:1,268:2,452:2,133:1,259:2',
    // open, openat; and openat2, io_uring_setup
    create: '2:1,257:2', absent: '437,425',
  },
  arm64: {
    audit: 0xC000_00B7, calls: [90, 91, 167, 159, 149, 147, 97, 261],
    // fchmod, fchmodat, fchmodat2, mknodat; openat
    modes: '52:1,53:2,452:2,33:2', create: '56:2', absent: '437,425',
  },
};

/** Each file that a guest knows of is one: as many as a large tree has, and no guest takes all that the host has. */
const MOST_FILES = 65_536;

/**
 * In this order: a socket that only the machine may connect to; how many files; the user namespace, in which the person is all there is (a child, still
 * outside, says who is who); his rights, and in there all that a namespace gives; the filter; the server, with the socket open.
 */
const CONFINE = String.raw`
use strict;
use Socket;
my ($numbers, $socket, $machine, $person, $inside, @command) = @ARGV;
my ($audit, $calls, $modes, $create, $absent) = split /;/, $numbers;
my ($capget, $capset, $prctl, $setgroups, $setresgid, $setresuid, $unshare, $prlimit) = map { $_ + 0 } split /,/, $calls;
my ($uid, $gid) = map { $_ + 0 } split /:/, $person;
sub must { my ($what, $got) = @_; die "$what: $!\n" if $got < 0 }

socket(my $listener, AF_UNIX, SOCK_STREAM, 0) or die "socket: $!\n";
umask 0177;
bind($listener, sockaddr_un($socket)) && listen($listener, 1) or die "socket: $!\n";
umask 077;
if ($machine ne "-") { chown($machine + 0, $machine + 0, $socket) or die "socket: $!\n" }

my $limits = "\0" x 16;
must("limits", syscall($prlimit, 0, 7, 0, $limits));  # RLIMIT_NOFILE
my (undef, $most) = unpack("QQ", $limits);
$most = ${MOST_FILES} if $most > ${MOST_FILES};
$limits = pack("QQ", $most, $most);
must("limits", syscall($prlimit, 0, 7, $limits, 0));

if ($inside ne "-") {
  my ($inuid, $ingid) = map { $_ + 0 } split /:/, $inside;
  pipe(my $ready, my $entered) && pipe(my $mapped, my $done) or die "pipe: $!\n";
  my $self = $$;
  my $child = fork // die "fork: $!\n";
  if ($child == 0) {
    close $entered;
    sysread($ready, my $word, 1) or exit 1;
    for (["uid_map", "$inuid $uid 1"], ["gid_map", "$ingid $gid 1"]) {
      open(my $map, ">", "/proc/$self/$_->[0]") or die "$_->[0]: $!\n";
      defined syswrite($map, $_->[1]) or die "$_->[0]: $!\n";
    }
    syswrite($done, "x");
    exit 0;
  }
  close $done;
  must("user namespace", syscall($unshare, 0x10000000));
  syswrite($entered, "x");
  sysread($mapped, my $word, 1) or die "user namespace: no ids\n";
  waitpid($child, 0);
  must("groups", syscall($setgroups, 0, 0));
  must("group", syscall($setresgid, $ingid, $ingid, $ingid));
  must("user", syscall($setresuid, $inuid, $inuid, $inuid));
  my ($header, $sets) = (pack("Ll", 0x20080522, 0), "\0" x 24);
  must("capabilities", syscall($capget, $header, $sets));
  my @sets = unpack("L6", $sets);
  @sets[2, 5] = @sets[1, 4];
  $sets = pack("L6", @sets);
  must("capabilities", syscall($capset, $header, $sets));
  for my $each (0 .. 63) { syscall($prctl, 47, 2, $each, 0, 0) }  # PR_CAP_AMBIENT_RAISE
}

# struct sock_filter: code, jump when true, jump when false, value. A call that would set the id of a user or a group is not permitted.
my @filter;
sub step { my ($code, $value, $yes, $no) = @_; push @filter, pack("SCCL", $code, $yes // 0, $no // 0, $value) }
my ($LOAD, $EQUAL, $LEAST, $ANY, $RETURN) = (0x20, 0x15, 0x35, 0x45, 0x06);
my ($ALLOW, $EPERM, $ENOSYS, $KILL) = (0x7fff0000, 0x00050001, 0x00050026, 0x80000000);
sub argument { 16 + 8 * $_[0] }
step($LOAD, 4); step($EQUAL, $audit, 1, 0); step($RETURN, $KILL);
step($LOAD, 0); step($LEAST, 0x40000000, 0, 1); step($RETURN, $ENOSYS);
for (split /,/, $absent) { step($EQUAL, $_, 0, 1); step($RETURN, $ENOSYS) }
for (split /,/, $modes) {
  my ($call, $at) = split /:/;
  step($EQUAL, $call, 0, 4); step($LOAD, argument($at)); step($ANY, 06000, 0, 1); step($RETURN, $EPERM); step($RETURN, $ALLOW);
}
for (split /,/, $create) {
  my ($call, $flags) = split /:/;
  # O_CREAT, or O_TMPFILE's own bit: else there is no mode.
  step($EQUAL, $call, 0, 6); step($LOAD, argument($flags)); step($ANY, 0x400040, 0, 3); step($LOAD, argument($flags + 1)); step($ANY, 06000, 0, 1); step($RETURN, $EPERM); step($RETURN, $ALLOW);
}
step($RETURN, $ALLOW);
my $steps = join "", @filter;
my $program = pack("Sx6P", scalar(@filter), $steps);
must("no new rights", syscall($prctl, 38, 1, 0, 0, 0));
must("filter", syscall($prctl, 22, 2, $program));

fcntl($listener, 2, 0) or die "socket: $!\n";  # F_SETFD: it stays open
exec { $command[0] } @command, "--fd=" . fileno($listener);
die "$command[0]: $!\n";
`;

export interface Confined {
  readonly way: Extract<NativeWay, { kind: 'virtiofs' }>;
  /** Absolute; of the host. */
  readonly source: string;
  readonly person: { readonly uid: number; readonly gid: number };
  /** Whose the person's files are in the guest. */
  readonly guest: { readonly uid: number; readonly gid: number };
  readonly socketPath: string;
  /** The machine's own identity; null: the daemon's. */
  readonly machineUid: number | null;
}

/** @returns undefined where this processor's system calls are not known here */
export function confinedCommand({ way, source, person, guest, socketPath, machineUid }: Confined, processor: string): { readonly tool: string; readonly args: readonly string[] } | undefined {
  const numbers = NUMBERS[processor];
  if (!numbers) return undefined;
  const { audit, calls, modes, create, absent } = numbers;
  const inside = way.confinement === 'own' ? '-' : way.flavour === 'c' ? `${guest.uid}:${guest.gid}` : '0:0';
  return {
    tool: 'perl',
    args: [
      '-e', CONFINE, [audit, calls.join(','), modes, create, absent].join(';'),
      socketPath, machineUid === null ? '-' : String(machineUid), `${person.uid}:${person.gid}`, inside,
      way.path, ...(way.flavour === 'c' ? wordsOfC(source) : wordsOfRust(source, guest)),
    ],
  };
}

/** Its syntax has commas between options: each comes alone, and a backslash before a comma keeps it in the value. */
function wordsOfC(source: string): string[] {
  return ['-f', '--rlimit-nofile=0', '-o', `source=${source.replaceAll(/[\\,]/g, String.raw`\$&`)}`, '-o', 'sandbox=namespace', '-o', 'log_level=err'];
}

/** Within, the person is root and all there is: whoever writes in the guest does it as him, and what is his is shown as that user's. */
function wordsOfRust(source: string, guest: Confined['guest']): string[] {
  const translated = (['uid', 'gid'] as const).flatMap((what) => [`--translate-${what}=squash-guest:0:0:4294967295`, `--translate-${what}=host:0:${guest[what]}:1`]);
  return [`--shared-dir=${source}`, '--sandbox=namespace', '--log-level=error', '--rlimit-nofile=0', ...translated];
}
