import * as controlPlane from './control-plane.js';
import { $, busy, complain, show } from './dom.js';

const MODES = {
  'log-in': {
    title: 'Log in',
    question: 'No account yet?',
    other: 'Sign up',
    passwordUse: 'current-password',
  },
  'sign-up': {
    title: 'Create your account',
    question: 'You have an account?',
    other: 'Log in',
    passwordUse: 'new-password',
  },
};

/** Log in and sign up: one form in two modes. Calls `onSession` when there is a session. */
export class Welcome {
  constructor(onSession) {
    this.form = $('sign-in');
    this.submit = this.form.querySelector('[type=submit]');
    this.setMode('log-in');
    $('switch-mode').addEventListener('click', () => {
      this.setMode(this.mode === 'log-in' ? 'sign-up' : 'log-in');
      this.focus();
    });
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      busy(
        this.submit,
        () => this.enter(onSession),
        (error) => complain(this.form, error.message),
      );
    });
  }

  open(text = '') {
    this.setMode('log-in');
    show($('welcome'));
    complain(this.form, text);
    this.focus();
  }

  close() {
    show($('welcome'), false);
    this.form.reset();
    this.askForCode(undefined);
  }

  focus() {
    (this.mode === 'sign-up' ? $('organization-name') : $('sign-in-email')).focus();
  }

  setMode(mode) {
    this.mode = mode;
    const { title, question, other, passwordUse } = MODES[mode];
    $('sign-in-title').textContent = title;
    this.submit.textContent = mode === 'sign-up' ? 'Sign up' : 'Log in';
    $('switch-question').textContent = question;
    $('switch-mode').textContent = other;
    $('sign-in-password').autocomplete = passwordUse;
    this.askForCode(undefined);
    show($('organization-field'), mode === 'sign-up');
    show($('password-hint'), mode === 'sign-up');
    $('organization-name').required = mode === 'sign-up';
    complain(this.form);
  }

  async enter(onSession) {
    complain(this.form);
    const { email, password, organization, code } = Object.fromEntries(new FormData(this.form));
    const missing = [...this.form.elements].find((field) => field.required && field.value.trim() === '');
    if (missing) {
      missing.focus();
      complain(this.form, `Please fill in “${missing.labels[0].textContent}”.`);
      return;
    }
    if (this.challenge !== undefined && Date.now() < Date.parse(this.challenge.expiresAt)) {
      await controlPlane.logInFurther(this.challenge.challenge, code);
    } else if (this.mode === 'sign-up') {
      await controlPlane.signUp({ email: email.trim(), password, organization: organization.trim() });
    } else {
      try {
        await controlPlane.logIn({ email: email.trim(), password });
      } catch (error) {
        if (error.code !== 'second-factor-required') throw error;
        this.askForCode(error.members);
        return;
      }
    }
    this.askForCode(undefined);
    await onSession();
  }

  /** The second half of a log-in, or back to the first. */
  askForCode(challenge) {
    this.challenge = challenge;
    const asked = challenge !== undefined;
    const input = $('sign-in-code');
    show($('code-field'), asked);
    input.required = asked;
    input.value = '';
    if (asked) input.focus();
  }
}
