import { useMemo } from 'react';
import { encode } from 'uqr';

import classes from './qr-code.module.css';

/** Around the squares, as readers want it. */
const BORDER = 2;

/** A text as squares, for the camera of a phone. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { size, path } = useMemo(() => {
    const { data, size: sides } = encode(text, { border: BORDER });
    const squares = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')));
    return { size: sides, path: squares.join('') };
  }, [text]);
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} className={classes['code']}>
      <path d={path} fill="#000" />
    </svg>
  );
}
