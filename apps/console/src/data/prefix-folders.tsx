import { Loader, Text } from '@mantine/core';
import { useState } from 'react';

import { Failure } from '../parts/failure.js';
import { Icon } from '../parts/icon.js';
import { textOfBranch } from './branch-text.js';
import { base64UrlOf, sameBytes, startsWith } from './bytes.js';
import classes from './prefix-tree.module.css';
import { MAX_BRANCHES, useBranches, type Searched } from './use-branches.js';

export interface PrefixTreeProps extends Searched {
  readonly chosen: Uint8Array;
  readonly onChoose: (prefix: Uint8Array) => void;
}

/** Those right below a prefix. */
export function PrefixFolders({ prefix, ...tree }: PrefixTreeProps & { readonly prefix: Uint8Array }) {
  const found = useBranches(tree, prefix);
  if (found.isPending) return <Loader size="xs" m="xs" role="status" aria-label="Loading" />;
  if (!found.data) return <Failure error={found.error} />;
  const folders = found.data.branches.filter(({ isFolder }) => isFolder);
  return (
    <ul className={classes['branches']}>
      {folders.map((branch) => (
        <Folder key={base64UrlOf(branch.prefix)} {...tree} prefix={branch.prefix} parent={prefix} />
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

interface FolderProps extends PrefixTreeProps {
  readonly prefix: Uint8Array;
  readonly parent: Uint8Array;
}

/** One folder, and those in it once it is opened. */
function Folder({ prefix, parent, ...tree }: FolderProps) {
  const { view, chosen, onChoose } = tree;
  const [isOpen, setIsOpen] = useState(() => chosen.length > prefix.length && startsWith(chosen, prefix));
  const name = textOfBranch(prefix, parent, view);
  return (
    <li>
      <div className={classes['row']}>
        <button
          type="button"
          className={classes['toggle']}
          aria-expanded={isOpen}
          aria-label={`${isOpen ? 'Close' : 'Open'} ${name}`}
          onClick={() => setIsOpen(!isOpen)}
        >
          <Icon name={isOpen ? 'down' : 'right'} size={14} />
        </button>
        <button
          type="button"
          className={classes['name']}
          title={name}
          aria-current={sameBytes(chosen, prefix)}
          onClick={() => onChoose(prefix)}
        >
          {name}
        </button>
      </div>
      {isOpen && <PrefixFolders {...tree} prefix={prefix} />}
    </li>
  );
}
