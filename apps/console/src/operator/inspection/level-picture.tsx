import { Text } from '@mantine/core';
import { Fragment } from 'react';

import type { Schemas } from '../../api/control.js';
import { formatBytes, formatCount } from '../../parts/format.js';
import { BAND_WIDTH, bandsOf, type Band, type Block } from './level-bands.js';
import classes from './level-picture.module.css';

/** Of a band, in units of its own: it is stretched to its place. */
const HEIGHT = 100;

/** Where the bytes of a database lie: a band for each level, a block for each file, as long as it is large. The tables below say the same. */
export function LevelPicture({ inspection }: { readonly inspection: Schemas['Inspection'] }) {
  const bands = bandsOf(inspection);
  return (
    <>
      <div className={classes['bands']}>
        {bands.map((band) => (
          <Fragment key={band.name}>
            <div>
              <Text size="sm" fw={600}>
                {band.label}
              </Text>
              <Text size="xs" c="dimmed">
                {summaryOf(band)}
              </Text>
            </div>
            <svg
              role="img"
              aria-label={`${band.label}: ${summaryOf(band)}`}
              className={classes['band']}
              viewBox={`0 0 ${BAND_WIDTH} ${HEIGHT}`}
              preserveAspectRatio="none"
              data-band={band.name}
            >
              {band.blocks.map((block) => (
                <FileBlock key={block.id} block={block} />
              ))}
              {band.rest && (
                <rect className={classes['rest']} x={band.rest.from} y={0} width={band.rest.width} height={HEIGHT}>
                  <title>{`${formatCount(band.rest.files)} more files`}</title>
                </rect>
              )}
            </svg>
          </Fragment>
        ))}
      </div>
      <div className={classes['legend']}>
        <span>
          <span className={classes['mark']} />a file, as long as it is large
        </span>
        {bands.some(({ blocks }) => blocks.some(({ garbageShare }) => garbageShare > 0)) && (
          <span>
            <span className={classes['mark']} data-of="garbage" />
            what a rewrite would drop of it
          </span>
        )}
        {bands.some(({ rest }) => rest) && (
          <span>
            <span className={classes['mark']} data-of="rest" />
            files that are not told one by one
          </span>
        )}
      </div>
    </>
  );
}

function FileBlock({ block: { id, from, width, sizeBytes, garbageShare } }: { readonly block: Block }) {
  return (
    <g data-file={id}>
      <title>{id === 'inline' ? formatBytes(sizeBytes) : `${id}: ${formatBytes(sizeBytes)}`}</title>
      <rect className={classes['file']} x={from} y={0} width={width} height={HEIGHT} />
      {garbageShare > 0 && (
        <rect
          className={classes['garbage']}
          x={from}
          y={(1 - garbageShare) * HEIGHT}
          width={width}
          height={garbageShare * HEIGHT}
        />
      )}
    </g>
  );
}

function summaryOf({ name, files, sizeBytes }: Band): string {
  if (name === 'inline') return formatBytes(sizeBytes);
  return `${formatCount(files)} ${files === 1 ? 'file' : 'files'}, ${formatBytes(sizeBytes)}`;
}
