import { test } from 'tap';
import { readEnvironment } from '../../lib/config/environment.js';

/** Variable and the key that it sets. */
const KEYS: Readonly<Record<string, string>> = {
  WARRENMQ_HEARTBEAT: 'heartbeat',
  WARRENMQ_LOG_CONSOLE_LEVEL: 'log.console.level',
  WARRENMQ_LISTENERS_TCP: 'listeners.tcp',
  WARRENMQ_LISTENERS_TCP_1: 'listeners.tcp.1',
  WARRENMQ_LISTENERS_TCP_LOCAL_ONLY: 'listeners.tcp.local_only',
  WARRENMQ_DEFAULT_USER: 'default_user',
  WARRENMQ_DEFAULT_USER_TAGS_ADMINISTRATOR: 'default_user_tags.administrator',
  WARRENMQ_VM_MEMORY_HIGH_WATERMARK_RELATIVE: 'vm_memory_high_watermark.relative',
  WARRENMQ_DEFAULT_PERMISSIONS_READ: 'default_permissions.read',
  WARRENMQ_CLUSTER_PARTITION_HANDLING: 'cluster_partition_handling',
  WARRENMQ_NUM_ACCEPTORS_TCP: 'num_acceptors.tcp',
  WARRENMQ_LISTENERS_SSL_1: 'listeners.ssl.1',
  WARRENMQ_LOAD_DEFINITIONS: 'load_definitions',
  WARRENMQ_NO_SUCH_KEY: 'no_such_key',
};

void test('a variable is the key in upper case with underscores for dots', async (t) => {
  for (const [variable, key] of Object.entries(KEYS)) {
    t.strictSame(readEnvironment({ [variable]: 'v' }), [{ key, text: 'v', origin: variable }]);
  }
});

void test("other programs' variables, empty ones and the name of the file are no settings", async (t) => {
  const env = {
    PATH: '/bin',
    RABBITMQ_HEARTBEAT: '1',
    warrenmq_heartbeat: '1',
    WARRENMQ_HEARTBEAT: '',
    WARRENMQ_DATA_DIR: undefined,
    WARRENMQ_CONFIG_FILE: 'f',
  };
  t.strictSame(readEnvironment(env), []);
});

void test('what Kubernetes sets for a service called warrenmq is no setting', async (t) => {
  const names = [
    'WARRENMQ_PORT',
    'WARRENMQ_PORT_5672_TCP',
    'WARRENMQ_PORT_5672_TCP_ADDR',
    'WARRENMQ_SERVICE_HOST',
    'WARRENMQ_SERVICE_PORT',
    'WARRENMQ_SERVICE_PORT_AMQP',
  ];
  t.strictSame(readEnvironment(Object.fromEntries(names.map((name) => [name, 'tcp://10.0.0.1:5672']))), []);
});
