import { parseUrl } from '@leasehold/foundation';

import type { KeptMail } from './mailbox-folder.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * The mailbox as HTML. Everything in a mail is text, but for links to ourselves.
 *
 * @param publicUrl links that begin so can be clicked; no other can
 */
export function mailboxPage(mails: readonly KeptMail[], publicUrl: string): string {
  const shown =
    mails.length === 0
      ? '<p class="notice">No mail yet.</p>'
      : mails.map((mail) => article(mail, publicUrl)).join('\n');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Mailbox · Leasehold</title>
    <link rel="stylesheet" href="/style.css" />
  </head>
  <body>
    <main class="alone">
      <h1>Mailbox</h1>
      <p>What Leasehold would have mailed, newest first. It is shown on this machine alone.</p>
${shown}
    </main>
  </body>
</html>
`;
}

function article({ to, subject, text, sentAt }: KeptMail, publicUrl: string): string {
  return `<article class="card">
  <h2>${escape(subject)}</h2>
  <p>To ${escape(to)}, <time datetime="${escape(sentAt)}">${escape(sentAt)}</time></p>
  <pre>${text
    .split('\n')
    .map((line) => linked(line, publicUrl))
    .join('\n')}</pre>
</article>`;
}

/** A line that is nothing but a link to ourselves, as our letters write them. */
function linked(line: string, publicUrl: string): string {
  const url = parseUrl(line);
  if (url?.origin !== new URL(publicUrl).origin) return escape(line);
  return `<a href="${escape(url.href)}">${escape(line)}</a>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
