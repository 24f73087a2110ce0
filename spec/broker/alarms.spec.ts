import t from 'tap';
import { Alarms } from '../../lib/broker/alarms.js';

void t.test('nothing is short at first', async (t) => {
  const alarms = new Alarms();
  t.same([alarms.active, alarms.reason], [false, '']);
});

void t.test('what is short is told in RabbitMQ’s words', async (t) => {
  const alarms = new Alarms();
  alarms.set('disk', true);
  t.same([alarms.active, alarms.reason], [true, 'low on disk']);
  alarms.set('memory', true);
  t.equal(alarms.reason, 'low on memory & disk');
  alarms.set('disk', false);
  t.equal(alarms.reason, 'low on memory');
  alarms.set('memory', false);
  t.same([alarms.active, alarms.reason], [false, '']);
});

void t.test('a heap that is short is memory that is short', async (t) => {
  const alarms = new Alarms();
  alarms.set('heap', true);
  t.same([alarms.active, alarms.reason], [true, 'low on memory']);
  alarms.set('memory', true);
  alarms.set('disk', true);
  t.equal(alarms.reason, 'low on memory & disk');
  alarms.set('heap', false);
  alarms.set('disk', false);
  t.equal(alarms.reason, 'low on memory');
});

void t.test('listeners hear of changes, not of repetitions, as long as they listen', async (t) => {
  const alarms = new Alarms();
  const heard: string[] = [];
  const listener = { alarmsChanged: (): void => void heard.push(alarms.reason) };
  alarms.listen(listener);
  alarms.set('disk', false);
  alarms.set('disk', true);
  alarms.set('disk', true);
  alarms.set('disk', false);
  alarms.unlisten(listener);
  alarms.set('memory', true);
  t.same(heard, ['low on disk', '']);
});
