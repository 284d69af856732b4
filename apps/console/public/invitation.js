import { acceptInvitation, declineInvitation, logIn, signUp, whoAmI } from './control-plane.js';
import { $, busy, complain, show } from './dom.js';

/** The page that invitations link to. The token stands behind `#`, and leaves the address bar at once. */
const token = location.hash.slice(1);
history.replaceState(undefined, '', location.pathname);

const form = $('invitation');
const field = (name) => form.querySelector(`[name=${name}]`).value;
const credentials = () => ({ email: field('email').trim(), password: field('password') });

/** By hand and not by itself: programs that look through mails follow their links too. */
const WAYS = {
  accept: () => acceptInvitation(token),
  'sign-up': () => signUp({ ...credentials(), invitation: token }),
  'log-in': async () => {
    await logIn(credentials());
    return acceptInvitation(token);
  },
  decline: () => declineInvitation(token),
};

const LOG_IN_FIRST = 'Your account has a second factor: log in to the console, then open the link of the mail again.';

form.addEventListener('submit', (event) => {
  event.preventDefault();
  complain(form);
  const how = event.submitter?.value ?? 'accept';
  busy(
    event.submitter ?? form,
    async () => {
      const answer = await WAYS[how]();
      const name = answer?.organization?.name;
      $('outcome').textContent = how === 'decline' ? 'The invitation is declined.' : `You belong to ${name} now.`;
      show(form, false);
      show($('done'));
    },
    (error) => complain(form, error.code === 'second-factor-required' ? LOG_IN_FIRST : error.message),
  );
});

function shape(email) {
  const known = email !== undefined;
  $('who').textContent = email ?? '';
  for (const id of ['logged-in', 'when-logged-in']) show($(id), known);
  for (const id of ['credentials', 'when-not']) show($(id), !known);
}

whoAmI().then(
  ({ user }) => shape(user.email),
  () => shape(undefined),
);
if (token === '') complain(form, 'This link is not complete. Copy all of it from the mail.');
