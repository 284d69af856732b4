import { ADMINS, EVERYBODY, PEOPLE, SESSION_ONLY } from '../auth/access.js';
import type { ControlRoute } from './control-route.js';

const ADMINS_ONLY = { roles: ADMINS, scopes: [] } as const;
const PAGE = ['limit', 'cursor'] as const;

/** Accounts, sessions, organizations and who belongs to them. */
export const PEOPLE_ROUTES: readonly ControlRoute[] = [
  {
    route: 'POST /v1/signup',
    summary: 'Sign up, with an organization of one’s own or by an invitation',
    ...{ who: EVERYBODY, status: 201, answer: 'SignedUp', body: 'Signup', codes: ['email-taken', 'invalid-link'] },
  },
  {
    route: 'POST /v1/login',
    summary: 'Log in: a session, or a challenge for the second factor',
    ...{
      who: EVERYBODY,
      status: 200,
      answer: 'LoggedIn',
      body: 'Login',
      codes: ['invalid-credentials', 'second-factor-required'],
    },
  },
  {
    route: 'POST /v1/login/second-factor',
    summary: 'Log in, second step: the challenge with a code or a backup code',
    ...{ who: EVERYBODY, status: 200, answer: 'LoggedIn', body: 'SecondFactorLogin', codes: ['invalid-credentials'] },
  },
  { route: 'POST /v1/logout', summary: 'End the session that asks', who: PEOPLE, status: 204 },
  {
    route: 'GET /v1/me',
    summary: 'Who asks, and the organizations of this person',
    who: PEOPLE,
    status: 200,
    answer: 'Me',
  },
  {
    route: 'POST /v1/email-verification/mail',
    summary: 'Send the mail that verifies the address again',
    ...{ who: PEOPLE, status: 202, codes: ['mail-not-configured'] },
  },
  {
    route: 'POST /v1/email-verification',
    summary: 'Verify an address by the token of a mail',
    ...{ who: EVERYBODY, status: 204, body: 'EmailVerification', codes: ['invalid-link'] },
  },
  {
    route: 'POST /v1/password-reset/mail',
    summary: 'Send a mail that resets the password, if there is such an account',
    ...{ who: EVERYBODY, status: 202, body: 'PasswordResetMail', codes: ['mail-not-configured'] },
  },
  {
    route: 'POST /v1/password-reset',
    summary: 'Set a new password by the token of a mail',
    ...{ who: EVERYBODY, status: 204, body: 'PasswordReset', codes: ['invalid-link'] },
  },
  { route: 'GET /v1/sessions', summary: 'List one’s sessions', who: PEOPLE, status: 200, answer: 'SessionList' },
  {
    route: 'POST /v1/sessions/current/organization',
    summary: 'Act for another of one’s organizations',
    ...{ who: PEOPLE, status: 200, answer: 'Joined', body: 'OrganizationSwitch', codes: ['not-found'] },
  },
  { route: 'DELETE /v1/sessions', summary: 'End all of one’s other sessions', who: PEOPLE, status: 204 },
  { route: 'DELETE /v1/sessions/:id', summary: 'End one of one’s sessions', who: PEOPLE, status: 204 },
  {
    route: 'GET /v1/second-factor',
    summary: 'Whether a second factor is on',
    who: PEOPLE,
    status: 200,
    answer: 'SecondFactorState',
  },
  {
    route: 'POST /v1/second-factor',
    summary: 'Begin to set up a second factor',
    ...{
      who: PEOPLE,
      status: 201,
      answer: 'SecondFactorSecret',
      body: 'SecondFactorBegin',
      codes: ['invalid-credentials', 'conflict'],
    },
  },
  {
    route: 'POST /v1/second-factor/confirm',
    summary: 'Turn the second factor on with its first code',
    ...{
      who: PEOPLE,
      status: 200,
      answer: 'BackupCodes',
      body: 'SecondFactorConfirm',
      codes: ['invalid-credentials', 'conflict'],
    },
  },
  {
    route: 'POST /v1/second-factor/disable',
    summary: 'Turn the second factor off',
    ...{ who: PEOPLE, status: 204, body: 'BothFactors', codes: ['invalid-credentials', 'conflict'] },
  },
  {
    route: 'POST /v1/second-factor/backup-codes',
    summary: 'Get new backup codes in place of those that are left',
    ...{
      who: PEOPLE,
      status: 200,
      answer: 'BackupCodes',
      body: 'BothFactors',
      codes: ['invalid-credentials', 'conflict'],
    },
  },
  {
    route: 'GET /v1/security-log',
    summary: 'List what was tried at one’s account and refused',
    who: PEOPLE,
    status: 200,
    answer: 'SecurityLog',
  },
  {
    route: 'POST /v1/organizations',
    summary: 'Make another organization',
    ...{ who: PEOPLE, status: 201, answer: 'Organization', body: 'OrganizationName', codes: ['quota-exceeded'] },
  },
  {
    route: 'PATCH /v1/organizations/current',
    summary: 'Rename the organization',
    ...{ who: ADMINS_ONLY, status: 200, answer: 'OrganizationEntry', body: 'OrganizationName' },
  },
  {
    route: 'GET /v1/members',
    summary: 'List the members',
    who: SESSION_ONLY,
    status: 200,
    answer: 'MemberPage',
    query: PAGE,
  },
  {
    route: 'PATCH /v1/members/:id',
    summary: 'Change the role of a member',
    ...{ who: ADMINS_ONLY, status: 200, answer: 'Member', body: 'MemberChange', codes: ['last-owner'] },
  },
  {
    route: 'DELETE /v1/members/:id',
    summary: 'Take a member out of the organization, or leave it oneself',
    ...{ who: SESSION_ONLY, status: 204, codes: ['last-owner'] },
  },
  {
    route: 'POST /v1/invitations',
    summary: 'Invite somebody by mail',
    ...{
      who: ADMINS_ONLY,
      status: 201,
      answer: 'Invitation',
      body: 'NewInvitation',
      codes: ['mail-not-configured', 'conflict', 'quota-exceeded'],
    },
  },
  {
    route: 'GET /v1/invitations',
    summary: 'List the open invitations',
    who: ADMINS_ONLY,
    status: 200,
    answer: 'InvitationPage',
    query: PAGE,
  },
  { route: 'DELETE /v1/invitations/:id', summary: 'Take an invitation back', who: ADMINS_ONLY, status: 204 },
  {
    route: 'POST /v1/invitations/accept',
    summary: 'Join the organization that sent an invitation',
    ...{ who: PEOPLE, status: 200, answer: 'Joined', body: 'InvitationAnswer', codes: ['invalid-link', 'conflict'] },
  },
  {
    route: 'POST /v1/invitations/decline',
    summary: 'Decline an invitation',
    ...{ who: EVERYBODY, status: 204, body: 'InvitationAnswer', codes: ['invalid-link'] },
  },
];
