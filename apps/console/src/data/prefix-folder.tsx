import { useState } from 'react';

import { Icon } from '../parts/icon.js';
import { sameBytes, startsWith } from './bytes.js';
import { textOfBranch } from './branch-text.js';
import { Folders, type PrefixTreeProps } from './prefix-tree.js';
import classes from './prefix-tree.module.css';

interface PrefixFolderProps extends PrefixTreeProps {
  readonly prefix: Uint8Array;
  readonly parent: Uint8Array;
}

/** One folder, and those in it once it is opened. */
export function PrefixFolder({ prefix, parent, ...tree }: PrefixFolderProps) {
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
      {isOpen && <Folders {...tree} prefix={prefix} />}
    </li>
  );
}
