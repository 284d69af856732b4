import type { Answer, Request } from '../history/history.js';

/** How requests reach whoever answers them; settles in any case. */
export interface Service {
  ask(
    database: number,
    callId: string,
    request: Request,
  ): Promise<{ readonly answer: Answer; readonly session: string | undefined }>;
}
