import { z } from 'zod';

import { ROLES } from '../auth/access.js';

const instant = z.iso.datetime();
const count = z.int().min(0);
const cursor = z.string().nullable().describe('Of the next page, null behind the last.');

const database = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: instant,
  revision: count,
  labels: z.record(z.string(), z.string()),
  deleteProtection: z.boolean(),
  expiresAt: instant.nullable(),
  retentionSeconds: count.nullable(),
  sizeLimitBytes: count.nullable(),
  undeleteSeconds: count,
  deletedAt: instant.nullable(),
  purgeAt: instant.nullable(),
});

const operation = z.object({
  id: z.string(),
  kind: z.string(),
  request: z.unknown(),
  state: z.enum(['pending', 'running', 'succeeded', 'failed', 'cancelled']),
  cancelRequested: z.boolean(),
  progress: z.object({ total: count.nullable(), done: count, skipped: count }),
  errorCode: z.string().nullable(),
  createdAt: instant,
  endedAt: instant.nullable(),
});

const member = z.object({
  id: z.string(),
  userId: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  joinedAt: instant,
});

const session = z.object({
  id: z.string(),
  current: z.boolean(),
  address: z.string().nullable(),
  agent: z.string().nullable(),
  createdAt: instant,
  lastSeenAt: instant,
});

/** Answers that the document describes, by name. More members may come: clients pass over what they do not know. */
export const CONTROL_ANSWERS = {
  Database: database,
  DatabasePage: z.object({ databases: z.array(database), cursor }),
  Operation: operation,
  OperationPage: z.object({ operations: z.array(operation), cursor }),
  Member: member,
  MemberPage: z.object({ members: z.array(member), cursor }),
  SessionList: z.object({ sessions: z.array(session) }),
  CorsSettings: z.object({ origins: z.array(z.string()) }),
} as const satisfies Readonly<Record<string, z.ZodType>>;
export type ControlAnswer = keyof typeof CONTROL_ANSWERS;
