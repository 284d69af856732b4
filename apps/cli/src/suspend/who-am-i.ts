import { hostname, userInfo } from 'node:os';

/** `user@host`. In containers the number of a user may have no name: then it stands for one. */
export function whoAmI(userName: () => string = () => userInfo().username): string {
  return `${nameOr(userName)}@${hostname()}`;
}

function nameOr(userName: () => string): string {
  try {
    return userName();
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
