import { Anchor, createTheme, Drawer, Modal, Table, Tooltip, type MantineColorsTuple } from '@mantine/core';

/** One green; the same shades stand in theme.css, because the content security policy lets no script write style sheets. */
const leaf: MantineColorsTuple = [
  '#e9f6f0',
  '#d0eadd',
  '#a5d6bf',
  '#76c19f',
  '#4fac83',
  '#34976c',
  '#1f7a5c',
  '#14694d',
  '#0f5540',
  '#0a3f2f',
];

export const theme = createTheme({
  colors: { leaf },
  primaryColor: 'leaf',
  primaryShade: { light: 7, dark: 7 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  components: {
    Anchor: Anchor.extend({ defaultProps: { inherit: true } }),
    // Locking the scroll position would write a style sheet.
    Modal: Modal.extend({ defaultProps: { lockScroll: false, centered: true } }),
    Drawer: Drawer.extend({ defaultProps: { lockScroll: false } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 'xs', highlightOnHover: true } }),
    Tooltip: Tooltip.extend({ defaultProps: { events: { hover: true, focus: true, touch: true } } }),
  },
});
