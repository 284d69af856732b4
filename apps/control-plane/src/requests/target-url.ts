import { TargetRefusedError, type Outbound } from '@leasehold/outbound';
import { ProblemError } from '@leasehold/protocol';

/** Of a URL that a tenant names, in the moment in which they do: its addresses are looked at with every call. @throws ProblemError invalid-body */
export function checkTarget(outbound: Pick<Outbound, 'check'>, member: string, url: string): void {
  try {
    outbound.check(url);
  } catch (error) {
    if (!(error instanceof TargetRefusedError)) throw error;
    const errors = [{ member, problem: error.message }];
    throw new ProblemError('invalid-body', `${member}: ${error.message}`, { cause: error, members: { errors } });
  }
}
