const NANO_PER_DOLLAR = 1_000_000_000n;

/** The page of whoever runs this business. @param {readonly import('./costs.js').CostLine[]} lines */
export function costsPage(lines) {
  const rows = lines.map(
    ({ customer, readUnits, writeUnits, nanoDollars }) =>
      `<tr><th scope="row">${escape(customer)}</th><td>${readUnits}</td><td>${writeUnits}</td><td>${dollars(nanoDollars)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Costs · Notes</title>
    <link rel="icon" href="/favicon.svg" />
    <link rel="stylesheet" href="/style.css" />
  </head>
  <body>
    <header class="bar"><span class="brand">Notes</span><span class="soft">for whoever runs it</span></header>
    <main>
      <h1>What each customer costs this month</h1>
      <table>
        <thead><tr><th scope="col">Customer</th><th scope="col">Read units</th><th scope="col">Write units</th><th scope="col">To be billed</th></tr></thead>
        <tbody>${rows.join('') || '<tr><td colspan="4">Nobody has signed up yet.</td></tr>'}</tbody>
      </table>
      <p class="soft">Units as Leasehold tells them: of this server at once, of pages about a minute later. With --local those of this server alone.</p>
    </main>
  </body>
</html>
`;
}

/** To the last place: units are cheap, and a bill rounds once, at its end. @param {bigint} nanoDollars */
function dollars(nanoDollars) {
  return `$${nanoDollars / NANO_PER_DOLLAR}.${String(nanoDollars % NANO_PER_DOLLAR).padStart(9, '0')}`;
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
