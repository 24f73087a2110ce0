import { brokerError } from '../../base/errors.js';
import type { Channel } from '../channel.js';
import type { Transaction } from '../transaction.js';
import type { Handlers } from './handlers.js';

export const txHandlers: Handlers = {
  'tx.select': (channel) => {
    channel.becomeTransactional();
    channel.send('tx.select-ok', {});
  },
  'tx.commit': async (channel) => {
    const { batch, isPartial } = await transactionOf(channel).commit({
      messages: channel.ports.door.broker.messages,
      turn: channel.ports.turn,
      deliveries: channel.deliveries,
      unroutable: (message) => channel.returnUnroutable(message),
    });
    await new Promise<void>((resolve) => channel.whenSafe(batch, resolve));
    if (isPartial && channel.isOpen) throw brokerError('partialCommit');
    channel.send('tx.commit-ok', {});
  },
  'tx.rollback': (channel) => {
    transactionOf(channel).rollback(channel.deliveries);
    channel.send('tx.rollback-ok', {});
  },
};

function transactionOf(channel: Channel): Transaction {
  const { transaction } = channel;
  if (transaction === undefined) throw brokerError('notTransactional');
  return transaction;
}
