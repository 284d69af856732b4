/** As better-auth names the account of somebody who logs in by e-mail and password. */
export const PASSWORD_PROVIDER = 'credential';

/** The row that lets a person log in by a password. */
export function passwordAccount(id: string, userId: string, passwordHash: string) {
  return { id, accountId: userId, providerId: PASSWORD_PROVIDER, password: passwordHash };
}
