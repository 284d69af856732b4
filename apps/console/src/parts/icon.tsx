/** Drawn on 24 × 24, as strokes. */
const PATHS = {
  audit: 'M9 5h6M7 3h10a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM9 10h6M9 14h6M9 18h3',
  back: 'M15 6l-6 6 6 6',
  bill: 'M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6',
  check: 'M5 12l5 5L20 7',
  chart: 'M4 20V10M10 20V4M16 20v-7M21 20H3',
  close: 'M6 6l12 12M18 6L6 18',
  coins:
    'M9 13a6 4 0 1 0 0-8 6 4 0 0 0 0 8zM3 9v6c0 2.2 2.7 4 6 4M15 11.5c3.4 0 6 1.6 6 3.8s-2.6 3.7-6 3.7-6-1.5-6-3.7',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  database:
    'M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3',
  down: 'M6 9l6 6 6-6',
  fleet: 'M4 5h16v5H4zM4 14h16v5H4zM8 7.5h.01M8 16.5h.01',
  folder: 'M3 6h6l2 2h10v11H3z',
  jobs: 'M12 8v4l3 2M21 12a9 9 0 1 1-9-9 9 9 0 0 1 9 9z',
  key: 'M14 10a5 5 0 1 0-4 4l2-2h2v-2h2V8h3V5h-3z',
  leave: 'M15 4h4v16h-4M10 8l-4 4 4 4M6 12h10',
  menu: 'M4 7h16M4 12h16M4 17h16',
  moon: 'M20 14a8 8 0 1 1-9-10 6.5 6.5 0 0 0 9 10z',
  people:
    'M8.5 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.5a3.5 3.5 0 0 1 0 6.5M17.5 14.3c2.7.6 4.5 2.7 4.5 5.7',
  person: 'M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.6-7 8-7s8 3 8 7',
  plan: 'M4 5h16v6H4zM4 13h7v6H4zM14 13h6v6h-6z',
  plus: 'M12 5v14M5 12h14',
  pulse: 'M3 12h4l3-7 4 14 3-7h4',
  refresh: 'M20 11a8 8 0 1 0-2 6M20 5v6h-6',
  right: 'M9 6l6 6-6 6',
  rocket: 'M5 15l-2 6 6-2M9 19l-4-4c1-6 5-11 15-12-1 10-6 14-11 16zM15 9h.01',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L21 21',
  settings:
    'M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M18.4 5.6l-2.2 2.2M7.8 16.2l-2.2 2.2',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M19 5l-1.4 1.4M6.4 17.6L5 19',
  tenants: 'M4 21V8l8-5 8 5v13M9 21v-6h6v6M8 11h.01M12 11h.01M16 11h.01',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6',
  webhook: 'M4 12a8 8 0 0 1 8-8M4 12h5M20 12a8 8 0 0 1-8 8M20 12h-5M12 12h.01',
} as const;
export type IconName = keyof typeof PATHS;

/** Decoration: what it stands beside says the same in words. */
export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
