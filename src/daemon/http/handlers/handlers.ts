/** What each route does, one line where possible: the work is elsewhere. Each has what its caller may see and nothing else. */
import type { Doctor } from '../../doctor/doctor.ts';
import type { Trust } from '../../trust/authenticate.ts';
import type { ClientBook } from '../../trust/client-book.ts';
import type { Handlers } from '../server.ts';
import { daemonHandlers, doctorHandlers, trustHandlers, type Itself } from './daemon.ts';
import { IMAGES } from './images.ts';
import { INSTANCES } from './instances.ts';
import { NETWORKS } from './networks.ts';
import { OPERATIONS } from './operations.ts';

export interface HandlerParts extends Itself {
  readonly doctor: Doctor;
  readonly trust: Trust;
  readonly clients: ClientBook;
}

export function makeHandlers({ doctor, trust, clients, ...itself }: HandlerParts): Handlers {
  return { ...daemonHandlers(itself), ...trustHandlers(trust, clients), ...doctorHandlers(doctor), ...INSTANCES, ...NETWORKS, ...OPERATIONS, ...IMAGES };
}
