/**
 * The address of a Postgres whose sessions are in UTC, whatever the server, the database or the role is set to. Prisma's driver sends times without their zone and drops it when it reads
 * them: in another zone everything would be hours off, and what lies in the hour that clocks leave out would move.
 */
export function withUtcSessions(databaseUrl: string): string {
  // By hand: addresses with a user and no host, as of sockets, are good for Postgres and none to URL.
  const [address = '', ...rest] = databaseUrl.split('?');
  const query = new URLSearchParams(rest.join('?'));
  const given = query.get('options');
  // Of two, the later one holds.
  query.set('options', given ? `${given} ${UTC}` : UTC);
  return `${address}?${query.toString()}`;
}

const UTC = '-c TimeZone=UTC';
