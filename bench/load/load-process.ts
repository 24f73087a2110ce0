import { Consumer } from './consumer.js';
import type { Order, Plan, Report } from './plan.js';
import { Publisher } from './publisher.js';

/** A forked process's whole life: takes orders from the bench, tells it what was counted. */
let worker: Publisher | Consumer | undefined;

const tell = (report: Report): void => void process.send?.(report);

function fail(error: Error): void {
  tell({ is: 'failed', reason: error.message });
}

async function start(plan: Plan): Promise<void> {
  worker = plan.role === 'publisher' ? await Publisher.start(plan, fail) : await Consumer.start(plan, fail);
  tell({ is: 'started' });
}

async function stop(): Promise<void> {
  await worker?.stop();
  tell({ is: 'stopped' });
}

async function obey(order: Order): Promise<void> {
  if (order.do === 'start') await start(order.plan);
  else if (order.do === 'stop') await stop();
  else if (worker !== undefined) tell({ is: 'sample', sample: worker.sample() });
}

process.on('message', (order: Order) => void obey(order).catch(fail));
// The bench is done with this process, or is gone itself.
process.on('disconnect', () => process.exit());
