import { hash } from 'node:crypto';

import { systemClock, systemRandom, toBase64Url } from '@leasehold/foundation';
import { Metadata, type AttemptOrigin } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { MARK_CHARS, type Identified } from './authentication.js';
import { drawBackupCodes, hashBackupCode } from './backup-codes.js';
import { SecretSeal } from './sealed-secret.js';
import type { SecurityLog } from './security-log.js';
import { keyUri, stepOf, toBase32, TOTP_SECRET_BYTES } from './totp.js';

const CHALLENGE_BYTES = 32;
const CHALLENGE_MS = 5 * 60_000;

/** A code of the app, or one of those on paper. */
export type Proof = { readonly code: string } | { readonly backupCode: string };

/** The second factor of log-ins: codes of time (TOTP), and backup codes. Attempts are counted for each account, at all instances together. */
export class SecondFactor {
  private readonly seal: SecretSeal;

  constructor(
    private readonly metadata: Metadata,
    private readonly log: SecurityLog,
    authSecret: string,
  ) {
    this.seal = new SecretSeal(authSecret);
  }

  async stateOf(userId: string): Promise<{ readonly enabled: boolean; readonly backupCodesLeft: number }> {
    const found = await this.metadata.secondFactors.find(userId);
    return { enabled: !!found?.confirmedAt, backupCodesLeft: found?.backupCodesLeft ?? 0 };
  }

  /** Draws a secret, which is worth nothing until it is confirmed. @throws ProblemError conflict */
  async begin(userId: string, email: string): Promise<{ readonly secret: string; readonly uri: string }> {
    const secret = systemRandom.bytes(TOTP_SECRET_BYTES);
    if (!(await this.metadata.secondFactors.begin(userId, this.seal.seal(secret, userId)))) throw enabledAlready();
    return { secret: toBase32(secret), uri: keyUri(secret, email) };
  }

  /** From here on it is asked for at log-in. @returns backup codes, shown here alone @throws ProblemError conflict, invalid-credentials, too-many-requests */
  async confirm(userId: string, code: string): Promise<readonly string[]> {
    const found = await this.metadata.secondFactors.find(userId);
    if (!found) throw new ProblemError('conflict', 'there is nothing to confirm: begin first');
    if (found.confirmedAt) throw enabledAlready();
    await this.admit(userId);
    const { sealedSecret } = found;
    const step = stepOf(this.opened(sealedSecret, userId), code, systemClock.now());
    if (step === undefined) throw wrongCode();
    const codes = drawBackupCodes(systemRandom);
    const now = new Date(systemClock.now());
    const sealed = new Uint8Array(sealedSecret);
    const hashes = codes.map(hashBackupCode);
    if (!(await this.metadata.secondFactors.confirm(userId, sealed, step, hashes, now))) throw enabledAlready();
    return codes;
  }

  /** Each code once. One that is refused is noted for the person. @throws ProblemError invalid-credentials, too-many-requests */
  async check(userId: string, proof: Proof, origin: AttemptOrigin): Promise<void> {
    await this.log.watch('code-refused', { userId }, origin, () => this.checkProof(userId, proof));
  }

  private async checkProof(userId: string, proof: Proof): Promise<void> {
    const { secondFactors } = this.metadata;
    await this.admit(userId);
    if ('backupCode' in proof) {
      if (!(await secondFactors.takeBackupCode(userId, hashBackupCode(proof.backupCode)))) throw wrongCode();
      return;
    }
    const found = await secondFactors.find(userId);
    if (!found?.confirmedAt) throw wrongCode();
    const step = stepOf(this.opened(found.sealedSecret, userId), proof.code, systemClock.now());
    if (step === undefined || !(await secondFactors.takeStep(userId, step))) throw wrongCode();
  }

  /** For somebody who has shown the password. @throws ProblemError second-factor-required, when they have a second factor */
  async require({ userId, passwordMark }: Identified): Promise<void> {
    if (!(await this.stateOf(userId)).enabled) return;
    const challenge = toBase64Url(systemRandom.bytes(CHALLENGE_BYTES)) + passwordMark;
    const now = systemClock.now();
    const expiresAt = new Date(now + CHALLENGE_MS);
    await this.metadata.loginChallenges.open(userId, hashChallenge(challenge), new Date(now), expiresAt);
    throw new ProblemError('second-factor-required', 'the password is right; a code is needed besides', {
      members: { challenge, expiresAt: expiresAt.toISOString() },
    });
  }

  /** The second half of a log-in. A challenge is one session. @throws ProblemError invalid-credentials, too-many-requests */
  async answer(challenge: string, proof: Proof, origin: AttemptOrigin): Promise<Identified> {
    const { loginChallenges } = this.metadata;
    const challengeHash = hashChallenge(challenge);
    const person = await loginChallenges.personOf(challengeHash, new Date(systemClock.now()));
    if (!person) throw new ProblemError('invalid-credentials', 'the log-in has expired: begin again with the password');
    await this.check(person.userId, proof, origin);
    if (!(await loginChallenges.close(challengeHash))) throw wrongCode();
    // Its hash is known: the mark at its end is the one that we put there.
    return { ...person, passwordMark: challenge.slice(-MARK_CHARS) };
  }

  /** For who has shown password and code. Those of before are worth nothing. @returns those of now, shown here alone @throws ProblemError conflict */
  async renewBackupCodes(userId: string): Promise<readonly string[]> {
    const codes = drawBackupCodes(systemRandom);
    if (await this.metadata.secondFactors.renewBackupCodes(userId, codes.map(hashBackupCode))) return codes;
    throw new ProblemError('conflict', 'the account has no second factor');
  }

  async disable(userId: string): Promise<void> {
    await this.metadata.secondFactors.remove(userId);
  }

  private async admit(userId: string): Promise<void> {
    const waitMs = await this.metadata.secondFactors.admit(userId, new Date(systemClock.now()));
    if (waitMs === 0) return;
    throw new ProblemError('too-many-requests', 'too many wrong codes; wait before the next', { retryAfterMs: waitMs });
  }

  /** A changed AUTH_SECRET leaves backup codes alone, which are hashes. */
  private opened(sealed: Uint8Array, userId: string): Uint8Array {
    const secret = this.seal.open(sealed, userId);
    if (!secret) throw wrongCode();
    return secret;
  }
}

function hashChallenge(challenge: string): string {
  return hash('sha256', challenge);
}

function wrongCode(): ProblemError {
  return new ProblemError('invalid-credentials', 'the code is wrong, or was used already');
}

function enabledAlready(): ProblemError {
  return new ProblemError('conflict', 'the account has a second factor already');
}
