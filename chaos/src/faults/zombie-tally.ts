/** What workers answered that had been stopped, blocked or cut off until others had taken their databases. */
export interface ZombieTally {
  /** Requests that were sent straight to them. */
  requests: number;
  /** Of those, answered with data or an absence that was right. */
  answered: number;
  refused: number;
  stale: number;
  acknowledged: number;
  /** Workers whose session had been sealed before they went on. */
  sealedWorkers: number;
  /** Workers that went on in time: nobody had sealed their session. */
  spared: number;
}

export function newZombieTally(): ZombieTally {
  return { requests: 0, answered: 0, refused: 0, stale: 0, acknowledged: 0, sealedWorkers: 0, spared: 0 };
}
