import type { Database } from '@leasehold/client';
import { Loader, Paper, Text } from '@mantine/core';

import { Failure } from '../parts/failure.js';
import { base64UrlOf } from './bytes.js';
import type { KeyView } from './key-text.js';
import { PrefixFolder } from './prefix-folder.js';
import classes from './prefix-tree.module.css';
import { MAX_BRANCHES, useBranches } from './use-branches.js';

export interface PrefixTreeProps {
  readonly data: Database;
  readonly at: Date | undefined;
  readonly view: KeyView;
  readonly chosen: Uint8Array;
  readonly onChoose: (prefix: Uint8Array) => void;
}

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
        <Folders {...props} prefix={ROOT} />
      </nav>
    </Paper>
  );
}

/** Those right below a prefix. */
export function Folders({ prefix, ...tree }: PrefixTreeProps & { readonly prefix: Uint8Array }) {
  const { data, view, at } = tree;
  const found = useBranches(data, prefix, view, at, true);
  if (found.isPending) return <Loader size="xs" m="xs" role="status" aria-label="Loading" />;
  if (!found.data) return <Failure error={found.error} />;
  const folders = found.data.branches.filter(({ isFolder }) => isFolder);
  return (
    <ul className={classes['branches']}>
      {folders.map((branch) => (
        <PrefixFolder key={base64UrlOf(branch.prefix)} {...tree} prefix={branch.prefix} parent={prefix} />
      ))}
      {folders.length === 0 && prefix.length === 0 && (
        <Text component="li" size="xs" c="dimmed" p={4}>
          The keys make no folders.
        </Text>
      )}
      {found.data.areMore && (
        <Text component="li" size="xs" c="dimmed" p={4}>
          The first {MAX_BRANCHES}. Search for others.
        </Text>
      )}
    </ul>
  );
}
