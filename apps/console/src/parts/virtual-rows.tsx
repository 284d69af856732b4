import { VisuallyHidden } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type ReactNode } from 'react';

import classes from './virtual-rows.module.css';

interface VirtualRowsProps {
  /** What the list is of, for those who do not see it. */
  readonly label: string;
  /** Empty over what can be done with a row. */
  readonly head: readonly ReactNode[];
  /** As CSS has it: `2fr 1fr 8rem`. */
  readonly columns: string;
  readonly count: number;
  readonly rowHeightPx?: number;
  readonly renderRow: (index: number) => readonly ReactNode[];
  /** Which rows are in sight, or soon will be. */
  readonly onRange?: ((first: number, last: number) => void) | undefined;
}

/** Rows that are rendered beyond those in sight, above and below. */
const OVERSCAN_ROWS = 8;

/** A table of which only what is in sight is rendered. It scrolls in itself, and by keyboard. */
export function VirtualRows(props: VirtualRowsProps) {
  const { label, head, columns, count, rowHeightPx = 44, renderRow, onRange } = props;
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeightPx,
    overscan: OVERSCAN_ROWS,
  });
  const shown = rows.getVirtualItems();
  const [first, last] = [shown[0]?.index ?? 0, shown.at(-1)?.index ?? 0];
  useEffect(() => onRange?.(first, last), [first, last, onRange, count]);
  return (
    <div ref={frame} className={classes['frame']} tabIndex={0} role="region" aria-label={label}>
      <div role="table" aria-label={label} aria-rowcount={count + 1} className={classes['table']}>
        <div role="row" aria-rowindex={1} className={classes['head']} style={{ gridTemplateColumns: columns }}>
          {head.map((cell, column) => (
            <div key={column} role="columnheader" className={classes['cell']}>
              {cell === '' ? <VisuallyHidden>Actions</VisuallyHidden> : cell}
            </div>
          ))}
        </div>
        <div role="rowgroup" className={classes['body']} style={{ height: rows.getTotalSize() }}>
          {shown.map(({ index, start, size }) => (
            <div
              key={index}
              role="row"
              aria-rowindex={index + 2}
              className={classes['row']}
              style={{ gridTemplateColumns: columns, height: size, transform: `translateY(${start}px)` }}
            >
              {renderRow(index).map((cell, column) => (
                <div key={column} role="cell" className={classes['cell']}>
                  {cell}
                </div>
              ))}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
