/**
 * A module of a service, as it is started in production. Benchmarks may not build on the services' inner parts; this is the way to run one
 * of them with a directory or a bucket that a benchmark brings.
 */
export async function appModule(app: 'gateway' | 'worker', name: string): Promise<Record<string, unknown>> {
  const [folder, suffix] = import.meta.url.endsWith('.ts') ? ['src', 'ts'] : ['dist', 'js'];
  const url = new URL(`../../../apps/${app}/${folder}/${name}.${suffix}`, import.meta.url);
  return (await import(url.href)) as Record<string, unknown>;
}
