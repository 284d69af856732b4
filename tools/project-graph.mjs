/**
 * Computes Nx's graph of projects in this process, without its background daemon, and leaves it in Nx's cache, where the
 * lint rule for boundaries reads it.
 */
export async function loadProjectGraph() {
  process.env.NX_DAEMON = 'false';
  const { createProjectGraphAsync } = await import('@nx/devkit');
  return createProjectGraphAsync({ exitOnError: false });
}
