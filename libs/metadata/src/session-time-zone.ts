/**
 * The address of a Postgres whose sessions are in UTC, whatever the server, the database or the role is set to. Prisma's driver sends times without their zone and drops it when it reads
 * them: in another zone everything would be hours off, and what lies in the hour that clocks leave out would move.
 */
export function withUtcSessions(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const given = url.searchParams.get('options');
  // Of two, the later one holds.
  url.searchParams.set('options', given ? `${given} ${UTC}` : UTC);
  return url.href;
}

const UTC = '-c TimeZone=UTC';
