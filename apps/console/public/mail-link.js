import { resetPassword, verifyEmail } from './control-plane.js';
import { $, busy, complain, show } from './dom.js';

/** The pages that mails link to. The token stands behind `#`, and leaves the address bar at once. */
const token = location.hash.slice(1);
history.replaceState(undefined, '', location.pathname);

const form = $('mail-link');
const password = form.querySelector('[name=password]');
const submit = form.querySelector('[type=submit]');

// By hand and not by itself: programs that look through mails follow their links too.
form.addEventListener('submit', (event) => {
  event.preventDefault();
  complain(form);
  busy(
    submit,
    async () => {
      await (password === null ? verifyEmail(token) : resetPassword(token, password.value));
      show(form, false);
      show($('done'));
    },
    (error) => complain(form, error.message),
  );
});
if (token === '') complain(form, 'This link is not complete. Copy all of it from the mail.');
