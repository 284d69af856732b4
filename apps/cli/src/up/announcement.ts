/** Everything that somebody needs to use what `up` started: the line of `--json`, and the source of the banner. */
export interface Announcement {
  readonly gateway: string;
  readonly gateways: readonly string[];
  readonly controlPlane: string;
  readonly console: string;
  /** The page that shows the mails; null when a mail server has them. */
  readonly mailbox: string | null;
  readonly tenant: {
    readonly email: string;
    readonly password: string;
    readonly organization: string;
    readonly apiKey: string;
  };
  readonly admin: { readonly email: string; readonly password: string };
  /** A part that runs elsewhere has no pid here. */
  readonly pids: {
    readonly gateways: readonly number[];
    readonly controlPlane: number;
    readonly compactor: number;
    readonly bucket: number | null;
    readonly workers: readonly number[];
  };
}

export function jsonLine(announcement: Announcement): string {
  return JSON.stringify(announcement);
}

export interface BannerOptions {
  readonly dataDirectory: string;
  readonly demoDatabase: string;
  /** A proxy is set that curl would send loopback requests to. */
  readonly bypassProxy: boolean;
}

export function banner(announcement: Announcement, options: BannerOptions): string {
  const { tenant, admin } = announcement;
  const more = announcement.gateways.slice(1);
  const lines: readonly (readonly [string, string])[] = [
    ['gateway', announcement.gateway],
    ...more.map((url) => ['', url] as const),
    ['control plane', announcement.controlPlane],
    ['console', announcement.console],
    ...(announcement.mailbox === null ? [] : [['mailbox', announcement.mailbox] as const]),
    ['demo login', `${tenant.email}  ${tenant.password}`],
    ['admin login', `${admin.email}  ${admin.password}`],
    ['API key', tenant.apiKey],
    ['data', options.dataDirectory],
  ];
  return [
    '',
    'Leasehold is up.',
    '',
    ...lines.map(([name, value]) => `  ${name.padEnd(15)}${value}`),
    '',
    'Write a key and read it back:',
    '',
    curlLine(announcement, options),
    '',
    'Ctrl-C stops everything; the data stays.',
  ].join('\n');
}

/** One line to paste: no continuation that a terminal could break. */
export function curlLine(announcement: Announcement, options: BannerOptions): string {
  const url = `${announcement.gateway}/v1/db/${options.demoDatabase}/keys/hello`;
  const curl = `curl -sS${options.bypassProxy ? " --noproxy '*'" : ''}`;
  const key = `-H 'Authorization: Bearer ${announcement.tenant.apiKey}'`;
  return `${curl} -X PUT ${key} --data-binary world ${url} && ${curl} ${key} ${url}`;
}

/** Whether curl on this machine would ask a proxy for 127.0.0.1. */
export function proxyInTheWay(env: Readonly<Record<string, string | undefined>>): boolean {
  // curl reads http_proxy in lower case only.
  const proxy = env['http_proxy'] ?? env['ALL_PROXY'] ?? env['all_proxy'];
  const exceptions = env['NO_PROXY'] ?? env['no_proxy'] ?? '';
  if (proxy === undefined || proxy === '') return false;
  return !exceptions.split(',').some((entry) => ['*', '127.0.0.1', '127.0.0.0/8'].includes(entry.trim()));
}
