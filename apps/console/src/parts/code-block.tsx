import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';

import classes from './code-block.module.css';
import { Icon } from './icon.js';

/** Text to be copied as it stands. @param label what it is, for those who do not see it */
export function CodeBlock({ code, label }: { readonly code: string; readonly label: string }) {
  return (
    <div className={classes['block']}>
      <pre className={classes['code']} tabIndex={0} aria-label={label} role="region">
        <code>{code}</code>
      </pre>
      <CopyButton value={code}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : 'Copy'}>
            <ActionIcon
              className={classes['copy'] ?? ''}
              variant="default"
              onClick={copy}
              aria-label={copied ? 'Copied' : `Copy ${label}`}
            >
              <Icon name={copied ? 'check' : 'copy'} />
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </div>
  );
}
