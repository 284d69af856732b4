import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

import type { Page } from 'playwright-core';

/** Where pictures of the screens are kept; nowhere when it is not set. */
const SCREENSHOTS = process.env['CONSOLE_SCREENSHOTS'];
/** What can differ between the schemes is looked for in both. */
const SCHEMES = [
  { scheme: 'light', options: "{ resultTypes: ['violations'] }" },
  { scheme: 'dark', options: "{ resultTypes: ['violations'], runOnly: ['color-contrast'] }" },
] as const;

/** The narrowest that a screen has to fit, without scrolling sideways as a whole. */
const PHONE = { width: 390, height: 780 };

/** What keeps somebody from using a screen: findings of axe, and what does not fit a phone. */
export interface Hindrance {
  readonly screen: string;
  readonly rule: string;
  readonly where: string;
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** Looks at a screen as it stands, light and dark, and on a phone: pictures, and findings of axe that are serious or worse. */
export async function checkScreen(page: Page, screen: string): Promise<readonly Hindrance[]> {
  const found: Hindrance[] = [];
  // By the debugger: the page's own policy lets no foreign script in.
  await page.evaluate(await axeSource());
  for (const { scheme, options } of SCHEMES) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.waitForFunction(
      (wanted) => document.documentElement.getAttribute('data-mantine-color-scheme') === wanted,
      scheme,
    );
    await painted(page);
    await keepPicture(page, `${screen}-${scheme}`);
    found.push(...(await hindrances(page, `${screen}, ${scheme}`, options)));
  }
  return [...found, ...(await onPhone(page, screen))];
}

/** What is wider than a phone has to scroll in itself, as tables do, and not with all of the screen. */
async function onPhone(page: Page, screen: string): Promise<readonly Hindrance[]> {
  const before = page.viewportSize();
  if (before === null) return [];
  await page.setViewportSize(PHONE);
  await painted(page);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  await keepPicture(page, `${screen}-phone`);
  await page.setViewportSize(before);
  await painted(page);
  return width <= PHONE.width ? [] : [{ screen, rule: 'fits-a-phone', where: `is ${width} px wide` }];
}

/** Not only decided. */
async function painted(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function keepPicture(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) });
}

async function hindrances(page: Page, screen: string, options: string): Promise<readonly Hindrance[]> {
  const { violations } = (await page.evaluate(`axe.run(document, ${options})`)) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => ({ screen, rule: id, where: html.slice(0, 200) })));
}

let source: Promise<string> | undefined;

function axeSource(): Promise<string> {
  source ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return source;
}
