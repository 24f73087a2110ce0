import { type FieldTable, fromPlain } from '../wire/values.js';

/** The RabbitMQ release whose behaviour the broker follows; clients compare it with what they need. */
export const FOLLOWED_RABBITMQ = '3.13.7';

/** connection.start's server-properties. Clients read the capabilities. [RMQ] */
export function serverProperties(clusterName: string, ownVersion: string): FieldTable {
  return fromPlain({
    capabilities: {
      publisher_confirms: true,
      exchange_exchange_bindings: true,
      'basic.nack': true,
      consumer_cancel_notify: true,
      'connection.blocked': true,
      consumer_priorities: true,
      authentication_failure_close: true,
      per_consumer_qos: true,
      direct_reply_to: true,
    },
    cluster_name: clusterName,
    copyright: 'The WarrenMQ authors',
    information: 'Licensed under the Apache License 2.0.',
    platform: `WarrenMQ ${ownVersion}, Node.js ${process.versions.node}`,
    // Clients choose by product and version: Celery, for one, applies basic.qos wrongly to anything but RabbitMQ.
    product: 'RabbitMQ',
    version: FOLLOWED_RABBITMQ,
    implementation: 'WarrenMQ',
    implementation_version: ownVersion,
  });
}
