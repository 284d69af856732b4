import { Paper } from '@mantine/core';

import { PrefixFolders, type PrefixTreeProps } from './prefix-folders.js';
import classes from './prefix-tree.module.css';

const ROOT = new Uint8Array(0);

/** The folders that the keys make: parts of tuples, or text between slashes. */
export function PrefixTree(props: PrefixTreeProps) {
  return (
    <Paper withBorder p="xs" className={classes['tree'] ?? ''}>
      <nav aria-label="Folders of keys">
        <button
          type="button"
          className={classes['name']}
          aria-current={props.chosen.length === 0}
          onClick={() => props.onChoose(ROOT)}
        >
          All keys
        </button>
        <PrefixFolders {...props} prefix={ROOT} />
      </nav>
    </Paper>
  );
}
