/** What is under way: asked for once, followed, called off. */
import { openEventStream } from '../event-stream.ts';
import type { Handlers } from '../server.ts';

export const OPERATIONS = {
  getOperation: ({ params }, { operation }) => operation(params['id'] ?? ''),
  cancelOperation: async ({ params }, { house, operation }) => await house.engine.cancel(operation(params['id'] ?? '').id),
  followOperation: ({ params, reply }, { house, operation }) => {
    const { id } = operation(params['id'] ?? '');
    let stop = () => {};
    const stream = openEventStream(reply, () => stop());
    stop = house.engine.follow(id, (record) => {
      stream.send(record);
      if (record.status !== 'running') stream.end();
    });
  },
  events: ({ request, reply }, { subscribe }) => {
    const after = request.headers['last-event-id'];
    let stop = () => {};
    const stream = openEventStream(reply, () => stop());
    stop = subscribe(({ id, event }) => stream.send(event, id), typeof after === 'string' ? after : undefined);
  },
} satisfies Partial<Handlers>;
