import { z } from 'zod';

import { ROLES } from '../auth/access.js';
import { count, cursor, instant, SHOWN_ONCE, shownOnce } from './answer-parts.js';

const role = z.enum(ROLES);
const entry = z.object({ id: z.string(), name: z.string(), slug: z.string() });
const organization = entry.extend({ role });
const user = z.object({ id: z.string(), email: z.string() });
const signedIn = z.object({ user, organization: entry.nullable(), token: z.string() });

const member = z.object({ id: z.string(), userId: z.string(), email: z.string(), role, joinedAt: instant });

const session = z.object({
  id: z.string(),
  current: z.boolean(),
  address: z.string().nullable(),
  agent: z.string().nullable(),
  createdAt: instant,
  lastSeenAt: instant,
});

const securityEvent = z.object({
  kind: z.enum(['password-refused', 'code-refused']),
  address: z.string().nullable().describe('Of the latest attempt, as is the agent.'),
  agent: z.string().nullable(),
  attempts: count.describe('Of one network within an hour.'),
  firstAt: instant,
  lastAt: instant,
});

const invitation = z.object({
  id: z.string(),
  email: z.string(),
  role: z.string(),
  invitedBy: z.string(),
  createdAt: instant,
  expiresAt: instant,
});

/** Of routes for people: accounts, sessions, organizations and who belongs to them. */
export const PEOPLE_ANSWERS = {
  SignedUp: signedIn,
  LoggedIn: signedIn.extend({ organizations: z.array(entry) }),
  Me: z.object({
    user: user.extend({ emailVerified: z.boolean(), operator: z.boolean() }),
    organization: organization.nullable(),
    organizations: z.array(organization),
  }),
  SessionList: z.object({ sessions: z.array(session) }),
  SecondFactorState: z.object({ enabled: z.boolean(), backupCodesLeft: count }),
  SecondFactorSecret: z.object({ secret: shownOnce, uri: shownOnce }),
  BackupCodes: z.object({ backupCodes: z.array(z.string()).nullable().describe(SHOWN_ONCE) }),
  SecurityLog: z.object({ events: z.array(securityEvent) }),
  Organization: organization,
  OrganizationEntry: entry,
  Member: member,
  MemberPage: z.object({ members: z.array(member), cursor }),
  Invitation: invitation,
  InvitationPage: z.object({ invitations: z.array(invitation), cursor }),
  Joined: z.object({ organization }),
} as const satisfies Readonly<Record<string, z.ZodType>>;
