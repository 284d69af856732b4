// A real S3 server that honours conditional puts: Ceph's object gateway over one monitor and one in-memory disk, all on
// loopback, all thrown away afterwards.
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, onPath, output, requireCommands, startServer, waitFor } from './processes.mjs';

const PROGRAMS = ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'monmaptool', 'ceph'];
const DISK_BYTES = 4 * 1024 ** 3;
const ACCOUNT = { accessKeyId: 'testkey', secretAccessKey: 'testsecret' };
const AS_ROOT = ['--setuser', 'root', '--setgroup', 'root'];

/** @param {string} folder */
export async function startCeph(folder) {
  requireCommands(PROGRAMS, 'apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common');
  const home = join(folder, 'ceph');
  for (const part of ['mon', 'osd', 'rgw', 'run', 'log']) mkdirSync(join(home, part), { recursive: true });
  const [monPort, s3Port] = [await freePort(), await freePort()];
  const cluster = randomUUID();
  const file = join(home, 'ceph.conf');
  writeFileSync(file, configuration({ home, cluster, monPort, s3Port }));
  const conf = ['-c', file];
  /** The client is a Python program of the system's Python, whatever other Python leads the PATH. @param {...string} args */
  const ceph = (...args) =>
    output('/usr/bin/python3', [onPath('ceph') ?? 'ceph', ...conf, ...args], { timeoutMs: 10_000 });

  const map = join(home, 'monmap');
  await output('monmaptool', [
    '--create',
    '--clobber',
    '--fsid',
    cluster,
    '--addv',
    'a',
    `[v2:127.0.0.1:${monPort}]`,
    map,
  ]);
  await output('ceph-mon', [...conf, '-i', 'a', '--mkfs', '--monmap', map, ...AS_ROOT]);
  startServer(folder, 'ceph-mon', 'ceph-mon', [...conf, '-i', 'a', '-f', ...AS_ROOT]);

  const disk = randomUUID();
  await waitFor('the Ceph monitor', 60_000, async () => (await ceph('osd', 'new', disk, '0')) !== undefined);
  await output('ceph-osd', [...conf, '-i', '0', '--mkfs', '--osd-uuid', disk, ...AS_ROOT]);
  startServer(folder, 'ceph-osd', 'ceph-osd', [...conf, '-i', '0', '-f', ...AS_ROOT]);
  await waitFor('the Ceph disk', 60_000, async () => (await ceph('osd', 'stat')).includes('1 up'));

  startServer(folder, 'radosgw', 'radosgw', [...conf, '-n', 'client.rgw', '-f', ...AS_ROOT]);
  const endpoint = `http://127.0.0.1:${s3Port}`;
  await waitFor('the Ceph gateway', 90_000, async () => (await fetch(endpoint)).ok);
  const keys = [`--access-key=${ACCOUNT.accessKeyId}`, `--secret-key=${ACCOUNT.secretAccessKey}`];
  await output('radosgw-admin', [
    ...conf,
    '-n',
    'client.rgw',
    'user',
    'create',
    '--uid=test',
    '--display-name=test',
    ...keys,
  ]);
  return { endpoint, ...ACCOUNT };
}

/** @param {{ home: string, cluster: string, monPort: number, s3Port: number }} where */
function configuration({ home, cluster, monPort, s3Port }) {
  const global = {
    fsid: cluster,
    mon_initial_members: 'a',
    mon_host: `[v2:127.0.0.1:${monPort}/0]`,
    public_network: '127.0.0.0/8',
    ms_bind_ipv6: false,
    // Nobody else can reach it.
    ...same(['auth_cluster_required', 'auth_service_required', 'auth_client_required'], 'none'),
    ...same(['ms_cluster_mode', 'ms_service_mode', 'ms_client_mode'], 'crc'),
    ...same(['ms_mon_cluster_mode', 'ms_mon_service_mode', 'ms_mon_client_mode'], 'crc'),
    // One disk holds the only copy.
    ...same(['osd_pool_default_size', 'osd_pool_default_min_size'], 1),
    osd_pool_default_pg_num: 8,
    osd_pool_default_pg_autoscale_mode: 'off',
    osd_crush_chooseleaf_type: 0,
    mon_allow_pool_size_one: true,
    mon_warn_on_pool_no_redundancy: false,
    mon_max_pg_per_osd: 2000,
    osd_objectstore: 'memstore',
    memstore_device_bytes: DISK_BYTES,
    // The gateway's conditions run as code inside the disk's process.
    ...same(['osd_class_load_list', 'osd_class_default_list'], '*'),
    mon_data: join(home, 'mon'),
    osd_data: join(home, 'osd'),
    run_dir: join(home, 'run'),
    crash_dir: join(home, 'run'),
    pid_file: join(home, 'run', '$name.pid'),
    admin_socket: join(home, 'run', '$name.asok'),
    log_file: join(home, 'log', '$name.log'),
  };
  const gateway = {
    rgw_data: join(home, 'rgw'),
    rgw_frontends: `beast endpoint=127.0.0.1:${s3Port}`,
    ...same(['rgw_enable_ops_log', 'rgw_enable_usage_log', 'rgw_run_sync_thread'], false),
  };
  return `[global]\n${lines(global)}\n[client.rgw]\n${lines(gateway)}\n`;
}

/** @param {readonly string[]} names @param {string | number | boolean} value */
function same(names, value) {
  return Object.fromEntries(names.map((name) => [name, value]));
}

/** @param {Record<string, unknown>} settings */
function lines(settings) {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join('\n');
}
