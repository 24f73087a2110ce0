import t, { type Test } from 'tap';
import { ERRORS, type ErrorName } from '../../lib/base/errors.js';
import { Channel } from '../../interop-tests/conformance/channel.js';
import { blame } from '../../interop-tests/conformance/expectation.js';
import { sources } from '../layering/sources.js';
import { BrokerUnderTest } from '../support/broker-under-test.js';
import type { ProtocolClient } from '../support/protocol-client.js';
import { ERROR_ROWS, type ErrorRow, type Stage } from './error-rows.js';

void t.test('every kind of the catalogue is triggered by a script', async (t) => {
  const triggered = new Set(ERROR_ROWS.map(({ kind }) => kind));
  t.strictSame(
    (Object.keys(ERRORS) as ErrorName[]).filter((kind) => !triggered.has(kind)),
    [],
  );
});

void t.test('every kind of the catalogue can occur', async (t) => {
  const users = [...sources()].filter(([file]) => file !== 'base/errors.ts').map(([, text]) => text);
  const unused = Object.keys(ERRORS).filter((kind) => !users.some((text) => text.includes(`'${kind}'`)));
  t.strictSame(unused, []);
});

async function stageFor(row: ErrorRow): Promise<Stage> {
  const world = await BrokerUnderTest.open({
    settings: { maxMessageSize: 1000, consumersPerChannel: 2 },
    mostConnections: 3,
  });
  const client = world.client();
  const channel = new Channel<ProtocolClient>(client, 1);
  if (row.fromHandshake === true) return { world, client, channel };
  await client.open({ channelMax: 10 });
  await channel.call('channel.open');
  return { world, client, channel };
}

/** The channel is closed, can be opened again, and the others of the connection go on. */
async function channelSurvivors({ client, channel }: Stage): Promise<void> {
  const other = await client.channel(2);
  channel.send('channel.close-ok');
  await channel.call('channel.open');
  await other.call('basic.qos');
}

async function connectionSurvivors(t: Test, { world, client }: Stage): Promise<void> {
  t.strictSame(client.leftovers(), [], 'nothing else is told');
  client.method(0, 'connection.close-ok');
  await world.advance(1000);
  t.equal(client.transport.isEnded || client.ended, true, 'the socket ends');
}

for (const row of ERROR_ROWS) {
  const { kind, code, text, by, on } = row;
  void t.test(`${kind}: ${on === 'silence' ? `silence for ${code}` : `${on}.close ${code}`}`, async (t) => {
    const stage = await stageFor(row);
    const { world } = stage;
    const bystander = await (await world.connect()).channel(1);
    await row.script(stage);
    if (on === 'silence') {
      t.strictSame(await stage.client.lines(), []);
      t.equal(world.log.failures[0]?.message, text, 'the log says why');
    } else {
      t.match(await stage.client.next(1), {
        name: `${on}.close`,
        channel: on === 'channel' ? 1 : 0,
        args: { replyCode: code, replyText: text, ...(typeof by === 'string' ? blame(by) : by) },
      });
    }
    if (on === 'channel') await channelSurvivors(stage);
    else await connectionSurvivors(t, stage);
    if (kind !== 'internalError') await bystander.call('queue.declare', { queue: 'bystander' });
    if (row.isNoFault !== true && kind !== 'loginRefused')
      t.strictSame(
        world.log.failures.map((failure) => failure.kind),
        [kind],
      );
    t.equal(world.log.defects.length, kind === 'internalError' ? 1 : 0);
  });
}
