import { InvalidArgumentError } from 'commander';

/** P + 1 belongs to the control plane. */
export const LAST_PORT = 65_534;
export const WORKERS_MAX = 32;
export const GATEWAYS_MAX = 16;

export interface UpOptions {
  readonly port: number;
  readonly data: string;
  readonly workers: number;
  readonly gateways: number;
  readonly json: boolean;
}

/** For commander: an empty name, as an unset shell variable gives, would mean the folder one happens to stand in. */
export function folderName(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('The name of a folder is needed.');
}

/** For commander: a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`A whole number from ${min} to ${max} is needed.`);
  };
}
