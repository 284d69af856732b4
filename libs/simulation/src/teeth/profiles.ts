import type { Profile } from '../run/profile.js';

/** Worlds in which one kind of harm is likely: what a seed has drawn, with some of it changed. */
export const PROFILES: Readonly<Record<string, (drawn: Profile) => Profile>> = {};
