import { UsageTooLargeError } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

/** @throws ProblemError invalid-parameter: steps are of more than can be added up; to ask again would not help */
export async function shortEnough<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof UsageTooLargeError)) throw error;
    throw new ProblemError('invalid-parameter', `${error.message}: ask for shorter steps, or for one database`, {
      cause: error,
    });
  }
}
